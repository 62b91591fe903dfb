// The state of an explorer on a page that has no widget manager: what a widget's model does of it.
export function standaloneModel(state) {
  const values = { ...state };
  const listeners = new Map(); // by event, such as "change:prompt"
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of listeners.get(`change:${name}`) ?? []) listener();
    },
    save_changes() {},
    on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    off: (event, listener) =>
      listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== listener)),
    send() {},
  };
}
