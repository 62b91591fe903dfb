// Conversations as token ids, and tokens as text. Control tokens come from the chat template alone:
// what a reader types is text, whatever it spells.

export class Chat {
  // tokenizer: for text, knows no control tokens; template: pieces of the conversation in order,
  // {id} for a control token, {text} for text, {role, before, after} around a role's message; controlTokens: their ids by name.
  constructor(tokenizer, template, controlTokens) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.controlNames = new Map(Object.entries(controlTokens).map(([name, id]) => [id, name]));
  }

  // Token ids of {system, user} up to where the answer begins, and where the reader's words are.
  encode(messages) {
    const ids = [];
    let own = [0, 0];
    for (const piece of this.template) {
      const start = ids.length;
      if (piece.id !== undefined) ids.push(piece.id);
      else if (piece.text !== undefined) ids.push(...this.#textIds(piece.text));
      else {
        ids.push(...this.#textIds(piece.before + messages[piece.role] + piece.after));
        if (piece.role === "user") own = [start, ids.length];
      }
    }
    return { ids, own };
  }

  // Text of the tokens, control tokens skipped.
  decode(ids) {
    const shown = ids.filter((id) => !this.controlNames.has(id));
    return shown.length ? this.tokenizer.decode(shown, { skip_special_tokens: false }) : "";
  }

  // One token on its own; a control token by its name.
  name(id) {
    return this.controlNames.get(id) ?? this.decode([id]);
  }

  #textIds(text) {
    return text === "" ? [] : this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }
}
