/** The path of the policy in a governed repository; read from the default branch only. */
export const policyPath = ".github/sallyport.yml";

/** The largest policy file that is read, in bytes; a longer one is rejected before it is parsed. */
export const policyBytes = 64 * 1024;
