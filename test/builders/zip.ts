import { deflateRawSync } from "node:zlib";

/** A ZIP archive that holds one file. `change` may break its two records: that of the file and that of the list. */
export function zipOf(
  name: string,
  content: string | Buffer,
  { method = 8, change = () => {} }: { method?: number; change?: (local: Buffer, central: Buffer) => void } = {},
): Buffer {
  const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
  const path = Buffer.from(name);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(path.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt16LE(path.length, 28);
  change(local, central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + path.length, 12);
  end.writeUInt32LE(local.length + path.length + packed.length, 16);
  return Buffer.concat([local, path, packed, central, path, end]);
}
