/** No timing: kills a process that writes the ledger, 200 times at different moments, and checks what remains. */

import { crash } from "../test/hosts/crash.ts";
import { startAcme } from "../test/hosts/store-and-github.ts";

const acme = await startAcme();
const rounds = 200;
const { entries, faults } = await crash(acme, rounds);
await acme.sandbox.close();
console.log(`killed ${rounds} times: ${entries} entries, all published, ${faults.length} faults`);
for (const fault of faults) console.log(`  ✗ ${fault}`);
if (faults.length > 0) process.exitCode = 1;
