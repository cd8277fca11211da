// Numbers as this page writes them.

const MINUS = '−';
const THIN = '\u202f';
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const say = {
  /** 0.925 → "92.5 %"; 100 % only where it is exactly that. */
  percent(share) {
    if (share === 0 || share === 1) return `${100 * share}${THIN}%`;
    let decimals = 1;
    while (decimals < 5 && /^100\.0*$/.test((100 * share).toFixed(decimals))) decimals += 1;
    return `${say.fixed(100 * share, decimals)}${THIN}%`;
  },
  /** Significant digits; powers of ten where the number is very large or small. */
  significant(x, digits = 3) {
    if (!Number.isFinite(x)) return x > 0 ? '∞' : x < 0 ? `${MINUS}∞` : '–';
    if (x === 0) return '0';
    const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
    const power = Number(exponent);
    if (power < -3 || power > 5) {
      const raised = String(Math.abs(power)).replace(/\d/g, d => SUPERSCRIPTS[d]);
      return `${mantissa}${THIN}×${THIN}10${power < 0 ? '⁻' : ''}${raised}`.replace(/^-/, MINUS);
    }
    return say.fixed(x, Math.max(0, digits - 1 - power));
  },
  /** A number of which only the size is meant: two significant digits, with thousands separated. */
  about(x) {
    const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(x) || 1)) - 1);
    return Math.abs(x) < 10 ? say.significant(x, 2) : say.fixed(Math.round(x / unit) * unit, 0);
  },
  /** Fixed decimals, with a real minus and thousands separated. */
  fixed(x, decimals) {
    const [whole, rest] = Math.abs(x).toFixed(decimals).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    const sign = x < 0 && Number(Math.abs(x).toFixed(decimals)) !== 0 ? MINUS : '';
    return sign + grouped + (rest ? `.${rest}` : '');
  },
};
