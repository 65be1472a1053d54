/**
 * Records of a CSV text (RFC 4180), each by the names of the first one: what is quoted may have commas, line ends, and quotes that are
 * doubled. An empty field is none.
 *
 * @throws SyntaxError that says in which line, for a quote that is not closed, or is followed by something, and for a record of more or
 * fewer fields than names.
 */
export function* readCsv(text: string): Generator<{ readonly line: number; readonly record: Record<string, string> }> {
  let names: string[] | undefined;
  for (const { line, fields } of records(text)) {
    if (fields.length === 1 && fields[0] === '') continue;
    if (!names) {
      names = fields.map((name) => name.trim());
      continue;
    }
    if (fields.length !== names.length) throw new SyntaxError(`line ${line}: ${fields.length} fields for ${names.length} names`);
    const named = names.map((name, at) => [name, fields[at] as string] as const);
    yield { line, record: Object.fromEntries(named.filter(([, field]) => field !== '')) };
  }
}

const FIELD = /"((?:[^"]|"")*)"|([^,"\r\n]*)/y;

function* records(text: string): Generator<{ readonly line: number; readonly fields: string[] }> {
  let [at, line] = [text.startsWith('\ufeff') ? 1 : 0, 1];
  while (at < text.length) {
    const [first, fields] = [line, [] as string[]];
    for (;;) {
      FIELD.lastIndex = at;
      const [whole, quoted, plain] = FIELD.exec(text) as RegExpExecArray;
      fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
      line += whole.split('\n').length - 1;
      at += whole.length;
      if (text[at] !== ',') break;
      at += 1;
    }
    const end = /^\r?\n|^$/.exec(text.slice(at, at + 2));
    if (!end) throw new SyntaxError(`line ${line}: a quote that is not closed, or not where it belongs`);
    at += end[0].length;
    line += 1;
    yield { line: first, fields };
  }
}
