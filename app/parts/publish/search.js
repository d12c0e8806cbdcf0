// The search of a published website: it loads parts of the index as scripts, since a page that is
// opened from a disk cannot fetch. The rules are those of `saywho/words.py`, `korean.py` and `queries.py`.
"use strict";
(() => {
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Uint8Array(128); // by the code of a digit
  [...DIGITS].forEach((digit, value) => { VALUES[digit.charCodeAt(0)] = value; });
  const PIECE = /(-?)(?:(from|to|before|after|has|is|in)[:：](\S+)|"([^"]*)"|([^\s"]+))/giu;
  const WORD = "\\p{L}\\p{N}_"; // as \w in Python
  const MAY_BE_LINK = /(?<!\S)[^\s@#/]*[@#/]\S*/gu;
  const NAME_OR_TAG = new RegExp(
    `^(?:[^${WORD}]|_){0,3}?(?<term>@[${WORD}][${WORD}.-]*(?:@[${WORD}.-]+)?(?<![.-])|#[${WORD}]+)`, "u");
  const URL_WITH_HOST = new RegExp(
    `^https?://(?:(?:[${WORD}%-]+\\.)*(?:[a-z]{2,63}|xn--[${WORD}%]{2,59})|\\d{1,3}(?:\\.\\d{1,3}){3}`
    + "|\\[[\\da-f:]+\\])(?::\\d{1,5})?(?:[/?#]\\S*)?$", "iu");
  const KOREAN_WORD = /(?<!(?![ㄱ-ㅣ])[\p{L}\p{N}])[가-힣]+/gu; // not the endings of a number: 17일
  const FACTS = { "has:media": ":media", "is:reply": ":reply" };
  const MOST_SHARDS = 10; // of a beginning, some 200 KB
  const SHOWN = 10;
  const MOST_JOINED = 3; // words that may be written as one
  const MOST_SPACED = 5; // parts that are searched with other blanks
  const typedIn = (text) => {
    try {
      return decodeURIComponent(text);
    } catch { // A lone `%`, as somebody types it into the address.
      return text;
    }
  };
  const parts = new Map();

  // Scripts of the index call this.
  window.saywhoSearch = { got: (name, value) => parts.get(name).resolve(value) };

  const load = (name) => {
    if (!parts.has(name)) {
      const part = {};
      part.value = new Promise((resolve, reject) => {
        part.resolve = resolve;
        const script = document.createElement("script");
        script.src = `search/${name}.js`;
        script.onerror = () => reject(new Error(name));
        document.head.append(script);
      });
      parts.set(name, part);
    }
    return parts.get(name).value;
  };

  const fold = (word, { letters, marks }) => [...word.toLowerCase()].map((letter) => letters.get(letter) ?? letter)
    .join("").normalize("NFKD").replace(marks, "").normalize("NFC");
  const segments = (text, rules) => [...text.matchAll(rules.segment)].map((match) => {
    const kind = match.groups.paired ? "paired" : match.groups.word ? "word" : "emoji";
    const folded = kind === "word" ? fold(match[0], rules)
      : match[0].replace(/[\ufe0f\u{1f3fb}-\u{1f3ff}]/gu, "");
    return { kind, text: folded, start: match.index, end: match.index + match[0].length };
  });

  const unpackNumbers = (packed) => {
    const numbers = [];
    if (packed[0] === "!") {
      for (let place = 1; place < packed.length; place += 1) {
        const value = VALUES[packed.charCodeAt(place)];
        for (let bit = 0; bit < 6; bit += 1) {
          if (value >> bit & 1) numbers.push(6 * (place - 1) + bit);
        }
      }
      return numbers;
    }
    let before = -1;
    for (const gap of readDigits(packed.slice(1))) numbers.push(before += gap + 1);
    return numbers;
  };
  const readDigits = (text) => {
    const numbers = [];
    let number = 0, factor = 1;
    for (let place = 0; place < text.length; place += 1) {
      const value = VALUES[text.charCodeAt(place)];
      number += (value & 31) * factor;
      factor *= 32;
      if (value < 32) {
        numbers.push(number);
        number = 0;
        factor = 1;
      }
    }
    return numbers;
  };

  // The stems of Korean words, by the functions of `saywho/korean.py`, in letters (NFD).
  const lettersOf = (text) => text.normalize("NFD");
  const syllablesOf = (letters) => letters.normalize("NFC");
  const isHangul = (word) => /^[가-힣]+$/.test(word);
  const finalOf = (syllable) => (syllable.charCodeAt(0) - 0xac00) % 28;
  const otherFinal = (stem, step) => stem.slice(0, -1) + String.fromCharCode(stem.charCodeAt(stem.length - 1) + step);
  const [RIEUL, BIEUP, SIOS, PAST, HIEUH] = [8, 17, 19, 20, 27];
  const ROOT = /^(.{2,}?)(?:하|되|시키|당하)$/;
  const stemsOf = (word, rules) => {
    if (rules.nouns.has(word) || word.length > rules.longest) return ["n" + word.slice(0, rules.mostSyllables)];
    const [nouns, isSure] = nounsOf(word, rules);
    const noun = nouns[0];
    const isNoun = rules.onlyOfNouns.includes(word.slice(noun.length)) && noun.length > 1
      && !"기지가까함됨".includes(noun.at(-1));
    let verbs = isNoun ? new Map() : verbsOf(word, rules);
    const isVerb = [...verbs.values()].some(Boolean);
    if (isSure && noun.length > 1 && !isVerb) {
      verbs = new Map([...verbs].filter(([stem]) => stem === noun || "하되".includes(stem.at(-1)) && stem.length > 2));
    }
    const found = isVerb && !isSure && (nouns.length === 2 || noun === word) ? [] : nouns.map((each) => "n" + each);
    for (const stem of verbs.keys()) found.push(...termsOfVerb(stem, rules));
    return [...new Set(found)];
  };
  const dictionaryForm = (term) => ROOT.exec(term.slice(1))?.[1] ?? (term[0] === "v" ? `${term.slice(1)}다` : term.slice(1));
  const stemsOfJoined = (words, rules) => stemsOf(words.join(""), rules)
    .filter((stem) => stem.startsWith(words[0], 1) && stem.length > words[0].length + 1);
  const areSameWords = (pieces, rules) => {
    if (pieces.every((each) => each.length > 1)) return true;
    const stems = stemsOf(pieces.join(""), rules);
    const verbs = stems.map((stem) => stem[0] === "v" && ROOT.exec(stem.slice(1))?.[1]);
    return stems.every((stem) => stem[0] === "v" || verbs.includes(stem.slice(1)));
  };
  const divided = (word, rules) => {
    const ways = [];
    for (let cut = 1; cut < word.length; cut += 1) ways.push([word.slice(0, cut), word.slice(cut)]);
    for (let cut = 1; cut < word.length - 1; cut += 1) ways.push([word.slice(0, cut), word[cut], word.slice(cut + 1)]);
    return ways.filter((pieces) => areSameWords(pieces, rules));
  };
  const termsOfVerb = (stem, rules) => {
    const root = ROOT.exec(stem);
    if (root) return ["n" + root[1], "v" + stem];
    if (stem.at(-1) !== "이" || stem.length === 1) return ["v" + stem];
    const isVerb = !finalOf(stem.at(-2)) || rules.beforeI.includes(stem.at(-2));
    return ["n" + stem.slice(0, -1), ...(isVerb ? ["v" + stem] : [])];
  };
  const nounsOf = (word, rules) => {
    const isShort = word.length === 2;
    for (let place = 1; place < word.length; place += 1) {
      const ending = word.slice(place);
      const isPart = rules.nouns.has(word.slice(place - 1, place + 1)) && (place === 1 || ending[0] === "이");
      if (isPart && word.length > place + 1 || isShort && "인일임".includes(ending)) continue;
      if (!rules.is.particle.test(ending) || !agree(word[place - 1], ending, rules)) continue;
      const isOpen = ending.length === 1
        && ((isShort ? rules.unsureOfOne : rules.unsure).includes(ending) || rules.nouns.has(word.slice(-2)));
      const mayGo = "가와".includes(ending) && rules.beforeGoOrCome.includes(word[place - 1]);
      const nouns = isOpen ? [word.slice(0, place), word] : [word.slice(0, place)];
      return [nouns, !isOpen && !mayGo && rules.is.sure.test(ending)];
    }
    return [[word], false];
  };
  const agree = (before, ending, rules) => {
    const final = finalOf(before), first = ending[0];
    if (first === "이") return final > 0 || ["이다", "이고", "이야"].includes(ending);
    if (first === "로") return final === 0 || final === RIEUL;
    return rules.afterFinal.includes(first) ? final > 0 : !rules.afterOpen.includes(first) || final === 0;
  };
  const verbsOf = (word, rules) => {
    const letters = lettersOf(word), found = new Map();
    if (rules.neverLast.includes(letters.at(-1)) && !rules.mayBeLast.includes(word.at(-1)) && !letters.includes("ᆻ")) return found;
    for (let place = 2; place <= letters.length; place += 1) {
      if (letters[place - 1] < "ᅡ") continue;
      for (const [stem, isSure] of readings(letters.slice(0, place), letters.slice(place), rules)) {
        if (isStem(stem, rules)) found.set(stem, Boolean(found.get(stem)) || isSure);
      }
    }
    return found;
  };
  const readings = (head, ending, rules) => {
    const stem = syllablesOf(head), isLong = syllablesOf(ending).length > 1;
    if (head.at(-1) > "ᅵ") return closedReadings(stem, ending, isLong, rules);
    if (!(ending[0] > "ᅵ")) return openReadings(head, stem, ending, isLong, rules);
    if (ending[0] === "ᆻ") return ofInfinitive(head, rules).map((each) => [each, true]);
    if (!rules.is.soft.test(ending)) return [];
    return beforeSoft(stem, true, rules).map((each) => [each, ending.length > 3 || ending[0] === "ᆸ"]);
  };
  const [EU, A, EO, YEO, NEU, SI, SYEO] = [..."으아어여느시셔"].map(lettersOf);
  const closedReadings = (stem, ending, isLong, rules) => {
    const found = rules.is.any.test(ending) ? [[stem, true]] : [];
    const add = (stems, isSure) => found.push(...stems.map((each) => [each, isSure]));
    if (rules.is.consonant.test(ending)) add(ending.startsWith(EU) ? beforeVowel(stem, rules) : [stem], isLong);
    if ([A, EO].includes(ending.slice(0, 2)) && rules.is.infinitive.test(ending.slice(2))) add(beforeVowel(stem, rules), true);
    if (finalOf(stem.at(-1)) === RIEUL && ending && rules.is.soft.test(ending)) add([stem], isLong);
    return found;
  };
  const openReadings = (head, stem, ending, isLong, rules) => {
    const follows = rules.is.any.test(ending), start = ending.slice(0, 2), vowel = head.at(-1);
    const found = follows ? [[stem, isLong]] : [];
    const add = (stems, isSure) => found.push(...stems.map((each) => [each, isSure]));
    const isPart = rules.beforeSi.includes(stem.at(-1)) && [SI, SYEO].includes(start);
    if (!isPart && (rules.is.soft.test(ending) || follows && start === NEU)) add(beforeSoft(stem, false, rules), isLong);
    const isRoot = "해돼".includes(stem.at(-1));
    const kind = isRoot && stem.length > 2 ? "root_infinitive"
      : "ᅡᅥᅢᅦ".includes(vowel) && stem.length > 1 ? "open_infinitive" : "infinitive";
    if (rules.is[kind].test(ending)) {
      add(ofInfinitive(head, rules), isLong || Boolean(ending) && (isRoot || !"ᅡᅥᅢᅦ".includes(vowel)));
    }
    if ([A, EO, YEO].includes(start) && rules.is.infinitive.test(ending.slice(2))) {
      if (start === YEO) {
        if (stem.at(-1) === "하") add([stem], true);
      } else {
        if (start === A ? vowel === "ᅩ" : "ᅵᅬᅱᅮᅢᅦ".includes(vowel)) add([stem], true);
        add(withSios(stem, rules), true);
      }
    }
    if (start === EU && rules.is.consonant.test(ending)) add(withSios(stem, rules), true);
    return found;
  };
  const isStem = (stem, rules) => {
    const last = stem.at(-1);
    if (stem.length === 1) return rules.stems.includes(last);
    if (rules.honorifics.some((each) => stem.endsWith(each))) return false;
    if ([...stem.slice(0, -1)].some((each) => finalOf(each) === PAST && each !== "있")) return false;
    if (!finalOf(last)) return rules.open.includes(last) || stem === "모으";
    return rules.closed.includes(last) || rules.stems.includes(last) && !rules.notLast.includes(last);
  };
  const withSios = (stem, rules) => {
    if (finalOf(stem.at(-1))) return [];
    const whole = otherFinal(stem, SIOS);
    return rules.lostSios.includes(whole.at(-1)) ? [whole] : [];
  };
  const beforeVowel = (stem, rules) => {
    if (finalOf(stem.at(-1)) !== RIEUL) return [stem];
    const other = otherFinal(stem, -1);
    if (rules.changedToRieul.includes(other.at(-1))) return [stem, other];
    return stem === "깨달" || stem === "일컬" ? [other] : [stem];
  };
  const beforeSoft = (stem, isMelted, rules) => {
    const last = stem.at(-1), isOne = stem.length === 1, such = `${stem.slice(0, -1)}렇`;
    if (last === "러" && rules.lostHieuh.includes(such)) return [such];
    const found = isMelted && !isOne && rules.neverMelted.includes(last) ? [] : [stem];
    const withRieul = otherFinal(stem, RIEUL), withHieuh = otherFinal(stem, HIEUH);
    if ((isOne ? rules.withRieul : rules.endsWithRieul).includes(withRieul.at(-1))) found.push(withRieul);
    if (last === "우" && !isOne && !finalOf(stem.at(-2))) found.push(otherFinal(stem.slice(0, -1), BIEUP));
    return rules.lostHieuh.includes(withHieuh) ? [...found, withHieuh] : found;
  };
  const ofInfinitive = (head, rules) => {
    const initial = head.at(-2), vowel = head.at(-1), before = syllablesOf(head.slice(0, -2));
    const withVowel = (other) => syllablesOf(head.slice(0, -1) + other);
    if ("ᅡᅥ".includes(vowel)) {
      const stem = withVowel(vowel);
      if (before && initial === "ᄅ" && finalOf(before.at(-1)) === RIEUL) {
        return [`${otherFinal(before, -RIEUL)}르`, ...(stem === "놀라" ? [stem] : [])];
      }
      const isBright = before !== "" && "ᅡᅩ".includes(lettersOf(before.at(-1))[1]);
      const hasEu = stem === "모아" || rules.beforeEu.includes(initial) && (vowel === "ᅡ") === isBright;
      return [...(stem.at(-1) === "하" ? [] : [stem]), ...(hasEu ? [withVowel("ᅳ")] : [])];
    }
    if (vowel === "ᅧ") {
      if (before.at(-1) === "하" && initial === "ᄋ") return [before];
      return [withVowel("ᅵ"), ...(before ? [] : [withVowel(vowel)])];
    }
    if ("ᅯᅪ".includes(vowel)) {
      const stem = withVowel(vowel === "ᅯ" ? "ᅮ" : "ᅩ");
      if (stem === "노") return ["놓"];
      return [...(initial === "ᄋ" && before && !finalOf(before.at(-1)) ? [otherFinal(before, BIEUP)] : []), stem];
    }
    if ("ᅢᅤ".includes(vowel)) {
      const whole = [..."ᅡᅥ"].map((other) => otherFinal(withVowel(other), HIEUH));
      return [withVowel(initial === "ᄒ" ? "ᅡ" : vowel), ...whole.filter((each) => rules.lostHieuh.includes(each))];
    }
    if (vowel === "ᅫ") return [withVowel("ᅬ")];
    return "ᅦᅬᅱᅴ".includes(vowel) ? [withVowel(vowel)] : [];
  };
  const whole = (pattern, endings) => pattern.replace(/\{([a-z]+)\}/g, (_, name) => whole(endings[name], endings));
  const rulesOf = ({ korean, words: { letters, marks, paired, picture } }) => ({
    ...korean,
    is: Object.fromEntries(Object.entries(korean.endings).map(
      ([name, pattern]) => [name, new RegExp(`^(?:${whole(pattern, korean.endings)})$`, "su")])),
    letters: new Map(Object.entries(letters)),
    marks: new RegExp(marks, "gu"),
    segment: new RegExp(
      `(?<paired>${paired}+)|(?<word>(?:(?!${paired})[\\p{L}\\p{N}]\\p{M}*)+)`
      + `|(?<emoji>\\p{RI}{2}|${picture}[\\ufe0f\\p{EMod}]*[\\u{e0020}-\\u{e007f}]*`
      + `(?:\\u200d${picture}[\\ufe0f\\p{EMod}]*)*)`, "gu"),
    nouns: new Set(korean.nouns),
  });

  // What a query asks for: words, phrases, facts of a post, and days. The rest is not searched.
  const read = (typed, rules) => {
    const query = { rules, parts: [], since: null, until: null, badDays: [], unknown: [] };
    for (const [, not, typedKey, value, phrase, word] of typed.normalize("NFC").matchAll(PIECE)) {
      const key = typedKey?.toLowerCase();
      if (key === "after" || key === "before") {
        const day = dayOf(value);
        if (!day) query.badDays.push(`${key}:${value}`);
        else if ((key === "after") !== Boolean(not)) query.since = day;
        else query.until = day;
      } else if (key) {
        const term = FACTS[`${key}:${value.toLowerCase()}`];
        if (term) query.parts.push({ pieces: [], terms: [term], beginnings: [], stems: [], isExcluded: Boolean(not) });
        else query.unknown.push(`${key}:${value}`);
      } else {
        const pieces = segments(phrase ?? word, rules);
        const isPhrase = phrase !== undefined;
        for (const group of isPhrase ? [pieces] : pieces.map((piece) => [piece])) {
          // What is written onto a number or a name is no word: 17일.
          const isBehind = pieces.some((each) => group.length === 1 && each.end === group[0].start);
          if (group.length) query.parts.push(partOf(group, isPhrase, Boolean(not), rules, isBehind));
        }
      }
    }
    withOtherBlanks(query.parts, rules);
    return query;
  };
  // As `with_other_blanks` in `queries.py`; here all ways are in one list, each with the terms of its posts.
  const withOtherBlanks = (parts, rules) => {
    const found = parts.map(() => []);
    const last = Math.min(parts.length, MOST_SPACED);
    for (let first = 0; first < last; first += 1) {
      for (let end = first + 1; end <= Math.min(first + MOST_JOINED, last); end += 1) {
        const texts = parts.slice(first, end).map(({ pieces }) => pieces[0]?.text ?? "");
        const text = texts.join("");
        if (!parts[end - 1].stems.length || text.length > rules.longest) break;
        const ways = divided(text, rules).filter((each) => each.join(" ") !== texts.join(" ")).map((each) => wayOf(each, false, rules));
        if (texts.length > 1 && areSameWords(texts, rules)) {
          const stems = stemsOfJoined(texts, rules);
          ways.push(stems.length ? { stems, pieces: [], terms: [] } : wayOf([text], true, rules));
        }
        for (let place = first; place < end; place += 1) found[place].push(...ways);
      }
    }
    parts.forEach((part, place) => { part.also = found[place]; });
  };
  const wayOf = (texts, isQuoted, rules) => {
    const last = texts.at(-1);
    return {
      pieces: texts.map((text) => ({ kind: "paired", text })), isQuoted,
      terms: (isQuoted ? texts : texts.slice(0, -1)).flatMap((text) => pairsOf(text, true)),
      stems: [], lastStems: isQuoted ? [] : stemsOf(last, rules),
    };
  };
  // Also 2016.5.1 and 2016/5/1, as on the server.
  const dayOf = (typed) => {
    const found = /^(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?$/.exec(typed);
    if (!found) return null;
    const day = `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}`;
    const time = Date.parse(day);
    return time && new Date(time).toISOString().startsWith(day) ? day : null;
  };

  const partOf = (pieces, isQuoted, isExcluded, rules, isBehind = false) => {
    const part = { pieces, isQuoted, isExcluded, terms: [], beginnings: [], stems: [] };
    const [{ kind, text }] = pieces;
    const isOpen = pieces.length === 1 && !isQuoted && !isExcluded;
    if (isOpen && kind === "word" && [...text].length > 1) part.beginnings = [text];
    else if (isOpen && kind === "paired") {
      const letters = [...text];
      if (isHangul(text) && !isBehind) part.stems = stemsOf(text, rules);
      else if (letters.length === 1) part.beginnings = [text];
      else {
        part.start = letters.slice(0, Math.max(2, Math.ceil(letters.length / 2))).join("");
        part.terms = pairsOf(part.start, false);
      }
    } else {
      part.terms = pieces.flatMap((piece) => piece.kind === "paired"
        ? pairsOf(piece.text, isQuoted) : [piece.text]);
    }
    return part;
  };
  const pairsOf = (text, hasEnd) => {
    const letters = [...text];
    const pairs = letters.map((letter, place) => letter + (letters[place + 1] ?? ""));
    return hasEnd || letters.length === 1 ? pairs : pairs.slice(0, -1);
  };

  // The index proposes posts; this decides, and says where the matches are.
  const places = (part, found, text, rules) => [part, ...part.also ?? []]
    .flatMap((way) => placesOfWay(way, found, text, rules));
  const placesOfWay = (part, found, text, rules) => {
    if (part.stems.length) {
      return [...text.matchAll(KOREAN_WORD)]
        .filter(({ 0: word }) => stemsOf(word, rules).some((each) => part.stems.includes(each)))
        .map(({ 0: word, index }) => [index, index + word.length]);
    }
    if (!part.pieces.length) return [[0, 0]];
    const spans = [];
    const size = part.pieces.length;
    for (let place = 0; place + size <= found.length; place += 1) {
      const fits = part.pieces.every((piece, number) => {
        const other = found[place + number];
        if (other.kind !== piece.kind) return false;
        if (part.isQuoted || piece.kind === "emoji") return other.text === piece.text;
        if (part.lastStems) {
          const isLast = number === size - 1 && isHangul(other.text);
          return isLast ? stemsOf(other.text, rules).some((each) => part.lastStems.includes(each)) : other.text === piece.text;
        }
        if (piece.kind === "paired") {
          return other.text.includes(part.start ?? piece.text);
        }
        return part.beginnings.length ? other.text.startsWith(piece.text) : other.text === piece.text;
      });
      if (fits) spans.push([found[place].start, found[place + size - 1].end]);
    }
    return spans;
  };

  const shardOf = (starts, term) => {
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(term, starts[middle])) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  };
  // The order of code points, in which the index is sorted.
  const before = (one, other) => {
    const [first, second] = [[...one], [...other]];
    for (let place = 0; place < Math.min(first.length, second.length); place += 1) {
      const difference = first[place].codePointAt(0) - second[place].codePointAt(0);
      if (difference) return difference < 0;
    }
    return first.length < second.length;
  };

  const postOf = async (index, number) => {
    const { first, name } = filesOf(index).findLast((file) => file.first <= number);
    return (await load(`texts/${name}`))[number - first];
  };
  // The files of texts, each with the number of its first post.
  const filesOf = (index) => {
    if (typeof index.files === "string") {
      const packed = readDigits(index.files);
      let first = 0;
      index.files = [];
      for (let place = 0; place < packed.length; place += 2) {
        index.files.push({ first, name: packed[place + 1] });
        first += packed[place];
      }
    }
    return index.files;
  };
  const postsWith = async (index, term) => {
    const shard = index.starts.length ? await load(String(shardOf(index.starts, term))) : {};
    return Object.hasOwn(shard, term) ? unpackNumbers(shard[term]) : [];
  };
  const postsBeginning = async (index, beginning) => {
    const first = shardOf(index.starts, beginning);
    const last = shardOf(index.starts, `${beginning}\u{10ffff}`);
    if (last - first >= MOST_SHARDS) return { numbers: await postsWith(index, beginning), isCut: true };
    const shards = [];
    for (let place = first; place <= last && index.starts.length; place += 1) shards.push(load(String(place)));
    const numbers = new Set();
    for (const shard of await Promise.all(shards)) {
      for (const [term, packed] of Object.entries(shard)) {
        if (term.startsWith(beginning)) for (const number of unpackNumbers(packed)) numbers.add(number);
      }
    }
    return { numbers: [...numbers], isCut: false };
  };

  // Whether a slip makes one word of another: a letter too many, too few, another, or two that are swapped.
  const isOneSlip = (one, other) => {
    if (Math.abs(one.length - other.length) > 1 || one === other) return false;
    let [start, end] = [0, 0];
    const shorter = Math.min(one.length, other.length);
    while (start < shorter && one[start] === other[start]) start += 1;
    while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
    const [mine, theirs] = [one, other].map((word) => word.slice(start, word.length - end));
    return Math.max(mine.length, theirs.length) <= 1
      || mine.length === 2 && theirs === mine[1] + mine[0];
  };
  // Words near the only word of a query, or the words of it without or with a blank, with their numbers of posts.
  const nearWords = async (index, query) => {
    const words = query.parts.filter(({ pieces, isQuoted, isExcluded }) => pieces.length === 1 && !isQuoted && !isExcluded
      && pieces[0].kind !== "emoji").map(({ pieces }) => pieces[0].text);
    if (words.length !== query.parts.length || !words.length || words.length > 2) return [];
    const [{ stems }] = query.parts;
    const text = words.join("");
    const found = new Map();
    const look = async (beginning, isNear) => {
      const [first, last] = [shardOf(index.starts, beginning), shardOf(index.starts, `${beginning}\u{10ffff}`)];
      if (last - first >= MOST_SHARDS || !index.starts.length) return;
      for (let place = first; place <= last; place += 1) {
        for (const [term, packed] of Object.entries(await load(String(place)))) {
          if (term.startsWith(beginning) && isNear(term)) found.set(term, unpackNumbers(packed).length);
        }
      }
    };
    if (words.length === 2 && !stems.length) {
      const [first, second] = words;
      const longest = second.length < 3 ? 0 : Math.max(0, Math.min(2, first.length - 3));
      for (let cut = 0; cut <= longest; cut += 1) {  // “disher washer” is “dishwasher”.
        const joined = first.slice(0, first.length - cut) + second;
        await look(joined, (term) => term === joined);
      }
    }
    else if (words.length === 1 && stems.length) {
      for (const stem of stems.filter((each) => each.length > 3)) {
        await look(stem.slice(0, 1 + Math.max(2, Math.floor(stem.length / 2))), (term) => term !== stem);
      }
    } else if (words.length === 1 && text.length > 3) await look(text[0], (term) => isOneSlip(term, text));
    return [...found].sort(([, one], [, other]) => other - one).slice(0, 3)
      .map(([term, count]) => [stems.length ? dictionaryForm(term) : term, count]);
  };

  // The numbers of the posts that may have a Korean word with other blanks.
  const postsOfWay = async (index, { terms, stems, lastStems = [] }) => {
    const [having, forms] = await Promise.all([terms, [...stems, ...lastStems]]
      .map((names) => Promise.all(names.map((each) => postsWith(index, each)))));
    const all = forms.length ? [...new Set(forms.flat())] : having[0];
    return having.reduce((kept, each) => {
      const known = new Set(each);
      return kept.filter((number) => known.has(number));
    }, all);
  };

  // The numbers of the posts of a query, newest first.
  const candidates = async (index, query) => {
    let kept = new Uint8Array(index.posts).fill(1), isCut = false;
    const keep = (numbers) => {
      const both = new Uint8Array(index.posts);
      for (const number of numbers) both[number] = kept[number];
      kept = both;
    };
    const wanted = query.parts.filter((each) => !each.isExcluded);
    // All are asked for before the first has come.
    const lists = wanted.map((part) => Promise.all([
      Promise.all(part.beginnings.map((each) => postsBeginning(index, each))),
      Promise.all([...new Set(part.terms)].map((each) => postsWith(index, each))),
      Promise.all(part.stems.map((each) => postsWith(index, each))),
      Promise.all((part.also ?? []).map((way) => postsOfWay(index, way))),
    ]));
    for (const [beginning, having, forms, ways] of await Promise.all(lists)) {
      isCut ||= beginning.some((each) => each.isCut);
      if (beginning.length) keep(beginning.flatMap((each) => each.numbers));
      if (forms.length) {
        const [known, others] = [new Set(forms.flat()), ways.flat()];
        query.isLoose ||= others.some((number) => !known.has(number));
        keep([...known, ...others]);
      }
      for (const each of having) keep(each);
    }
    let [low, high] = [0, index.posts];
    if (query.since || query.until) {
      let [day, number] = [Date.parse(index.begin) / 864e5, 0];
      const [since, until] = [query.since, query.until].map((each) => each && Date.parse(each) / 864e5);
      const gaps = readDigits(index.days);
      high = 0;
      for (let place = 0; place < gaps.length; place += 2) {
        day += gaps[place];
        if (since !== null && day < since) low = number + gaps[place + 1];
        number += gaps[place + 1];
        if (until === null || day < until) high = number;
      }
    }
    for (const { pieces, terms } of query.parts.filter((each) => each.isExcluded)) {
      if (!pieces.length) for (const number of await postsWith(index, terms[0])) kept[number] = 0;
    }
    const numbers = [];
    const take = (from, to) => {
      for (let number = to - 1; number >= from; number -= 1) if (kept[number]) numbers.push(number);
    };
    take(low, Math.min(high, index.dated));
    take(Math.max(low, index.dated), high); // no date: last
    return { isCut, numbers };
  };

  // Whether the index alone knows the posts: others are compared with their texts as they are shown.
  const isExact = (query, isCut) => !isCut && !query.isLoose && query.parts.every(
    (part) => !part.pieces.length || !part.isExcluded && part.pieces.length === 1
      && (part.pieces[0].kind === "word" || part.stems.length));

  // The links of a text, as `with_links` in `app/views/page.py`: URLs, and the searches of @names
  // and #tags.
  const linksIn = (text) => [...text.matchAll(MAY_BE_LINK)].flatMap(({ 0: word, index }) => {
    if (word.includes("…")) return [];
    const [shown, address] = /https?:\/\//.test(word) ? urlIn(word) : termIn(word);
    const start = index + word.indexOf(shown);
    return address ? [{ start, end: start + shown.length, address }] : [];
  });
  const urlIn = (word) => {
    let size = word.length;
    while (")>.,".includes(word[size - 1])) size -= 1;
    const parts = [word.slice(/^[(<]*/.exec(word)[0].length, size), word.slice(size)];
    for (const [begin, end] of ["()", "<>"]) {
      let open = parts[0].split(begin).length - parts[0].split(end).length;
      for (; open > 0 && parts[1].includes(end); open -= 1) {
        const taken = parts[1].indexOf(end) + 1;
        parts[0] += parts[1].slice(0, taken);
        parts[1] = parts[1].slice(taken);
      }
    }
    return [parts[0], URL_WITH_HOST.test(parts[0]) ? parts[0] : ""];
  };
  const termIn = (word) => {
    const term = NAME_OR_TAG.exec(word)?.groups.term ?? "";
    return [term, term && `#q=${encodeURIComponent(term)}`];
  };

  // A text with links and marks, made of text nodes: nothing in it is read as HTML.
  const shownText = (text, spans) => {
    const shown = document.createDocumentFragment();
    const marks = spans.sort((one, other) => one[0] - other[0]);
    const add = (node, from, to) => {
      let place = from;
      for (const [start, end] of marks) {
        const [begin, stop] = [Math.max(start, place), Math.min(end, to)];
        if (begin >= stop) continue;
        const mark = document.createElement("mark");
        mark.textContent = text.slice(begin, stop);
        node.append(text.slice(place, begin), mark);
        place = stop;
      }
      node.append(text.slice(place, to));
    };
    let place = 0;
    for (const { start, end, address } of linksIn(text)) {
      const link = document.createElement("a");
      link.href = address;
      link.rel = address[0] === "#" ? "nofollow" : "nofollow noreferrer";
      if (address[0] === "#") link.className = "mention";
      add(shown, place, start);
      add(link, start, end);
      shown.append(link);
      place = end;
    }
    add(shown, place, text.length);
    return shown;
  };
  const itemOf = ([path, time, text, , lang], spans) => {
    const item = document.createElement("li");
    item.className = "post";
    const meta = document.createElement("p");
    meta.className = "post-meta";
    const link = document.createElement("a");
    link.className = "when";
    link.href = path;
    link.textContent = time;
    meta.append(link);
    const words = document.createElement("p");
    words.className = "post-text";
    words.dir = "auto";
    if (lang !== null) words.lang = lang;
    words.append(shownText(text, spans));
    item.append(meta, words);
    return item;
  };

  // The post as it is in the list; null if it does not fit after all.
  const foundIn = (post, query) => {
    const text = `${post[2]} ${post[3] ?? ""}`;
    const found = segments(text, query.rules);
    const spans = query.parts.map((part) => ({ part, spans: places(part, found, text, query.rules) }));
    if (spans.some(({ part, spans: each }) => part.pieces.length && Boolean(each.length) === part.isExcluded)) return null;
    return itemOf(post, spans.flatMap(({ part, spans: each }) => part.isExcluded ? [] : each)
      .filter(([, end]) => end <= post[2].length));
  };

  // Leads from a post's number on its platform to its place here.
  const leadFromOld = (form) => {
    const [input, status] = [form.querySelector("input"), document.getElementById("found")];
    const lead = async () => {
      const number = /[^\/\s]+(?=[\/\s]*$)/.exec(input.value.replace(/[?#].*$/s, ""))?.[0] ?? "";
      try {
        const index = await load("index");
        const [found] = await postsWith(index, `=${number}`);
        if (found === undefined) {
          status.textContent = form.dataset.none;
          return;
        }
        location.replace((await postOf(index, found))[0]);
      } catch {
        status.textContent = form.dataset.failed;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      lead();
    });
    const look = () => {
      if (location.hash.length < 2) return;
      input.value = typedIn(location.hash.slice(1));
      lead();
    };
    addEventListener("hashchange", look);
    look();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-fields]");
    form.innerHTML = form.dataset.fields;
    if ("old" in form.dataset) {
      leadFromOld(form);
      return;
    }
    const [input, status] = [form.querySelector("input"), document.getElementById("found")];
    const [list, more] = [document.getElementById("results"), document.createElement("button")];
    let run = 0, next = () => {};
    Object.assign(more, { className: "button", hidden: true, id: "more", textContent: form.dataset.more, type: "button" });
    document.querySelector(".more").append(more);

    const search = async () => {
      const own = run += 1;
      const typed = input.value.trim();
      list.replaceChildren();
      more.hidden = true;
      status.textContent = "";
      if (!typed) return;
      try {
        const index = await load("index");
        const query = read(typed, rulesOf(index));
        const asks = query.parts.length || query.since || query.until;
        const { numbers, isCut } = asks ? await candidates(index, query) : { numbers: [], isCut: false };
        if (own !== run) return;
        let place = 0, isSifted = false;
        next = async () => {
          more.hidden = true;
          let shown = 0;
          while (place < numbers.length && shown < SHOWN) {
            // If some do not fit after all, more are read at a time.
            const asked = numbers.slice(place, place + (isSifted ? 2 : 1) * SHOWN);
            const posts = await Promise.all(asked.map((number) => postOf(index, number)));
            if (own !== run) return;
            for (let each = 0; each < asked.length && shown < SHOWN; each += 1) {
              place += 1;
              const item = foundIn(posts[each], query);
              if (!item) {
                isSifted = true;
                continue;
              }
              list.append(item);
              shown += 1;
            }
          }
          const all = list.children.length;
          more.hidden = place >= numbers.length;
          const words = form.dataset;
          const found = more.hidden ? words.all : isExact(query, isCut) ? words.some : words.most;
          const told = (text, value) => text.replace("0", value);
          const notices = query.badDays.map((each) => words.day.replace("{filter}", each));
          if (query.unknown.length) notices.push(told(words.unknown, query.unknown.join(", ")));
          if (all) notices.push(told(found, (more.hidden ? all : numbers.length).toLocaleString()));
          else if (asks || !notices.length) notices.push(words.none);
          if (isCut) notices.push(words.cut);
          status.textContent = notices.join(" · ");
          if (all || !query.parts.length) return;
          const near = await nearWords(index, query);
          if (own !== run || !near.length) return;
          status.append(` ${words.near} `);
          near.forEach(([word, count], place) => {
            const link = document.createElement("a");
            link.href = `#q=${encodeURIComponent(word)}`;
            link.textContent = word;
            status.append(place ? ", " : "", link, ` (${count.toLocaleString()})`);
          });
        };
        await next();
      } catch {
        if (own === run) status.textContent = form.dataset.failed;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      history.replaceState(null, "", `#q=${encodeURIComponent(input.value.trim())}`);
      search();
    });
    more.addEventListener("click", () => next());
    const look = () => {
      const asked = /^#q=(.*)$/s.exec(location.hash);
      if (!asked) return;
      input.value = typedIn(asked[1]);
      search();
    };
    addEventListener("hashchange", look);
    load("index").catch(() => {}); // Before the first query, which tells if it cannot be had.
    look();
  });
})();
