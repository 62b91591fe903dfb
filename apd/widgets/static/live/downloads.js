// Fetching what the page decodes with: script files beside the book, or from a kernel.
// Every part is a script that calls apdLive.receive(part, content), over http and from disk alike.

// What has arrived goes to whoever waits for it; all explorers of a page share this.
const arrivals = (globalThis.apdLive ??= {
  waiting: new Map(),
  receive(part, content) {
    for (const resolve of this.waiting.get(part) ?? []) resolve(content);
    this.waiting.delete(part);
  },
});

// Where the parts are: the folder that the book's setup script names, else the kernel.
export function partSource(model) {
  const folder = document.documentElement.dataset.apdLive;
  if (folder) return async (part) => folder + part;
  return (part) => new Promise((resolve, reject) => {
    const onAnswer = (message) => {
      if (message.part !== part) return;
      model.off("msg:custom", onAnswer);
      if (message.script) resolve(URL.createObjectURL(new Blob([message.script], { type: "text/javascript" })));
      else reject(new Error(message.error));
    };
    model.on("msg:custom", onAnswer);
    model.send({ part });
  });
}

// The content of one part.
export async function fetchPart(source, part) {
  const address = await source(part);
  return new Promise((resolve, reject) => {
    const { waiting } = arrivals;
    waiting.set(part, [...(waiting.get(part) ?? []), resolve]);
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => script.remove();
    script.onerror = () => {
      script.remove();
      const where = address.startsWith("blob:") ? "the kernel" : new URL(address).pathname;
      reject(new Error(`${part} could not be loaded from ${where}: check the connection, or build the ` +
        "book again with tools/build_book.py."));
    };
    document.head.append(script);
  });
}

// Parts of several downloads by name; `onprogress` is told the bytes of each part as it arrives.
export async function fetchDownloads(source, downloads, names, onprogress) {
  const entries = names.map(async (name) => {
    const { parts, bytes } = downloads[name];
    const contents = await Promise.all(parts.map(async (part) => {
      const content = await fetchPart(source, part);
      onprogress(bytes / parts.length);
      return content;
    }));
    return [name, contents];
  });
  return Object.fromEntries(await Promise.all(entries));
}
