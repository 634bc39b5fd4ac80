/** Whether somebody wrote a whole web address: with its scheme, which is http or https. */
export function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
