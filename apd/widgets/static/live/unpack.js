// A download's parts, compressed and written as base64 (apd.web.scripts), back to its bytes.
export async function unpack(parts) {
  const bytes = parts.map((part) => Uint8Array.from(atob(part), (character) => character.charCodeAt(0)));
  const stream = new Blob(bytes).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
