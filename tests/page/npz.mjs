// Reads the float64 arrays of an .npz that the library wrote.
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;

/** The arrays of `file` by name: {shape, values}. */
export function readNpz(file) {
  const bytes = readFileSync(file);
  let end = bytes.length - 22;
  while (bytes.readUInt32LE(end) !== END) end -= 1;
  const arrays = {};
  let at = bytes.readUInt32LE(end + 16);
  for (let entry = 0; entry < bytes.readUInt16LE(end + 10); entry += 1) {
    const [name, extra, comment] = [28, 30, 32].map(offset => bytes.readUInt16LE(at + offset));
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
    const array = bytes.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed;
    const header = array.readUInt16LE(8);
    const shape = array.toString('latin1', 10, 10 + header).match(/'shape': \(([^)]*)\)/)[1];
    arrays[bytes.toString('utf8', at + 46, at + 46 + name).replace(/\.npy$/, '')] = {
      shape: shape.split(',').filter(part => part.trim()).map(Number),
      values: new Float64Array(new Uint8Array(array.subarray(10 + header)).buffer),
    };
    at += 46 + name + extra + comment;
  }
  return arrays;
}
