// What a change of settings did to a decode, in words.
import { totals } from "./decode-view.js";
import { describeChange } from "./settings.js";

const rateOf = ({ decode }) => {
  const { tokens, iterations } = totals(decode, decode.iterations.length);
  return (tokens / Math.max(1, iterations)).toFixed(2);
};

// Number of the first token in which two decodes differ; 0 if they are the same.
function firstDifference(tokens, others) {
  const length = Math.max(tokens.length, others.length);
  for (let i = 0; i < length; i += 1) if (tokens[i] !== others[i]) return i + 1;
  return 0;
}

// before, after: {prompt, system, decoder, settings, decode} of two decodes; "" if nothing compares.
export function comparison(before, after) {
  if (!before || before.prompt !== after.prompt || before.system !== after.system) return "";
  const change = describeChange(before, after);
  const at = firstDifference(before.decode.tokens, after.decode.tokens);
  const text = at === 0 ? "the text is the same" : `the text differs from token ${at} on`;
  const lengths = [before, after].map(({ decode }) => decode.tokens.length);
  const length = lengths[0] === lengths[1] ? "" : `, ${lengths[0]} → ${lengths[1]} tokens`;
  return `Beside the decode before it (${change}): ${text}${length}; ` +
    `${rateOf(before)} → ${rateOf(after)} tokens per iteration.`;
}
