/** Bodies of about 100 bytes, made of some 15 distinct words from a fixed list. */
const words =
  'about after again always answer because before between building business change children city company country course different early enough every example family father figure follow friend general government great group happen history house however important interest large letter little machine market matter minute moment morning mother moving nature never night nothing number often open order other people perhaps person picture place plan point possible power present problem public question reason result river room school second service several simple since small social something sound special start state still story street system table together toward travel under until water while white window without woman word work world writing young'.split(
    ' ',
  );

/** A body that is the same for the same number. */
export function bodyOf(n: number): string {
  let state = (n * 2654435761) >>> 0;
  const picked: string[] = [];
  let length = 0;
  while (length < 100) {
    state = (state * 1664525 + 1013904223) >>> 0;
    const word = words[state % words.length] ?? 'word';
    picked.push(word);
    length += word.length + 1;
  }
  return picked.join(' ').slice(0, 100);
}
