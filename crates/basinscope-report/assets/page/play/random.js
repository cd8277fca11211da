// Seeded random directions, normalised as the library normalises them.

/** Uniform numbers in (0, 1) from a seed (Marsaglia's xorshift on 32 bits, warmed up). */
function uniforms(seed) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) >>> 0) || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
  for (let i = 0; i < 16; i += 1) next();
  return next;
}

/** A random direction: each filter (the weights into one unit) as long as θ's, biases still. */
function filterNormalized(net, theta, seed) {
  const normal = d3.randomNormal.source(uniforms(seed))();
  const direction = new Float32Array(theta.length);
  for (const [start, end] of net.filters()) {
    let [ours, theirs] = [0, 0];
    for (let i = start; i < end; i += 1) {
      direction[i] = normal();
      ours += direction[i] ** 2;
      theirs += theta[i] ** 2;
    }
    const scale = Math.sqrt(theirs / ours);
    for (let i = start; i < end; i += 1) direction[i] *= scale;
  }
  return direction;
}

const norm = vector => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));

/** A direction times a factor. */
const scaled = (vector, factor) => vector.map(x => factor * x);
