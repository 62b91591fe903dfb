// The settings of the page's decoders: their range, their controls, and their place in a link.
import { choice, integerField, slider } from "../dom.js";

export const DECODERS = [
  ["apd", "Adaptive Parallel Decoding"], ["left_to_right", "left to right, K a step"],
  ["threshold", "confidence threshold"], ["autoregressive", "autoregressive"],
];
const UNLIMITED = [1, 2, 4, 8, 12, 16, 24, 32, 64, null];
const all = ["apd", "left_to_right", "threshold", "autoregressive"];
const shownValue = (value) => (value === null ? "all" : String(value));

// name: label, allowed values in order, the decoders that have it, and how it is chosen.
const SETTINGS = {
  mixtureWeight: { label: "R, trust in the dLLM", values: steps(0, 1, 20), decoders: ["apd"] },
  tokensPerStep: { label: "K, tokens a step", values: [1, 2, 3, 4, 6, 8], decoders: ["left_to_right"] },
  threshold: { label: "confidence threshold", values: [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99], decoders: ["threshold"] },
  kvWindow: { label: "W, decoded tokens recomputed", values: UNLIMITED, decoders: ["apd", "left_to_right"] },
  maxLookahead: { label: "M, masked tokens shown", values: UNLIMITED, decoders: ["apd", "left_to_right"] },
  temperature: { label: "T, temperature", values: steps(0, 1.5, 15), decoders: all },
  topP: { label: "nucleus of the draft", values: [0.5, 0.8, 0.9, 0.95, 1], decoders: all, more: true },
  maxNewTokens: { label: "longest answer, tokens", values: [16, 32, 64, 128, 256], decoders: all, more: true },
  acceptance: {
    label: "acceptance", values: ["gumbel", "greedy", "independent", "maximal"], decoders: ["apd"], pick: true, more: true,
  },
  noise: { label: "noise", values: ["fresh", "position"], decoders: all, pick: true, more: true },
};

function steps(from, to, count) {
  return Array.from({ length: count + 1 }, (_, i) => Math.round(1e6 * (from + (i * (to - from)) / count)) / 1e6);
}

// Controls for every setting: {basic, more} nodes, and show(decoder, settings).
//   foremost: names of the settings in sight, the others wait in a fold; none: the usual ones.
export function settingControls(onchange, foremost = []) {
  const inSight = (name, { more }) => (foremost.length ? foremost.includes(name) : !more);
  const controls = Object.entries(SETTINGS).map(([name, setting]) => {
    const { label, values, pick } = setting;
    const chosen = (index) => onchange({ [name]: values[index] });
    const control = pick
      ? choice({ label, name, options: values.map((value, i) => [i, value]), onchange: chosen })
      : slider({ label, name, min: 0, max: values.length - 1, step: 1, format: (i) => shownValue(values[i]), onchange: chosen });
    return { name, setting, control };
  });
  const seed = integerField({ label: "seed", name: "seed", onchange: (value) => onchange({ seed: value }) });
  const nodes = (first) => controls.filter(({ name, setting }) => inSight(name, setting) === first).map(({ control }) => control.node);
  const [basic, more] = [nodes(true), nodes(false)];
  (!foremost.length || foremost.includes("seed") ? basic : more).push(seed.node);
  const show = (decoder, settings) => {
    for (const { name, setting, control } of controls) {
      control.node.hidden = !setting.decoders.includes(decoder);
      control.set(setting.values.indexOf(settings[name]));
    }
    seed.set(settings.seed);
  };
  return { basic, more, show };
}

// What differs between two decodes' settings: "R .7 → .9, W 16 → all".
export function describeChange(before, after) {
  if (before.decoder !== after.decoder) {
    return `${decoderName(before.decoder)} → ${decoderName(after.decoder)}`;
  }
  const own = [...Object.keys(SETTINGS).filter((name) => SETTINGS[name].decoders.includes(after.decoder)), "seed"];
  const changes = own.filter((name) => before.settings[name] !== after.settings[name]).map((name) =>
    `${SETTINGS[name]?.label.split(",")[0] ?? name} ${shownValue(before.settings[name])} → ${shownValue(after.settings[name])}`);
  return changes.join(", ") || "the same settings";
}

const decoderName = (decoder) => DECODERS.find(([name]) => name === decoder)[1];

const PREFIX = "#decode?";

// The fragment of a link that opens this page with this prompt and these settings.
export function linkFragment({ prompt, system, decoder, settings }) {
  const own = Object.entries({ ...settings }).filter(([name]) => name === "seed" || SETTINGS[name]?.decoders.includes(decoder));
  const words = own.map(([name, value]) => [name, shownValue(value)]);
  return PREFIX + new URLSearchParams([["prompt", prompt], ["system", system], ["decoder", decoder], ...words]);
}

// What a fragment asks for; what it names wrongly is left out. Null if it is no such link.
export function readFragment(fragment) {
  if (!fragment.startsWith(PREFIX)) return null;
  const asked = new URLSearchParams(fragment.slice(PREFIX.length));
  const settings = {};
  for (const [name, { values }] of Object.entries(SETTINGS)) {
    const value = values.find((each) => shownValue(each) === asked.get(name));
    if (value !== undefined) settings[name] = value;
  }
  const seed = Number(asked.get("seed") ?? NaN);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) settings.seed = seed;
  const decoder = all.find((name) => name === asked.get("decoder"));
  const messages = ["prompt", "system"].filter((name) => asked.has(name)).map((name) => [name, asked.get(name)]);
  return { settings, ...(decoder && { decoder }), ...Object.fromEntries(messages) };
}
