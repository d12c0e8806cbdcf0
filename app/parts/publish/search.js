// The search of a published website: it loads parts of the index as scripts, since a page that is
// opened from a disk cannot fetch. The rules are those of `saywho/words.py` and `queries.py`.
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
  const FACTS = { "has:media": ":media", "is:reply": ":reply" };
  const MOST_SHARDS = 10; // of a beginning, some 200 KB
  const SHOWN = 10;
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

  // Korean words as stem and ending, as `stem_size` and `forms_of` in `saywho/words.py`.
  const isHangul = (word) => /^[가-힣]+$/.test(word);
  const finalOf = (syllable) => (syllable.charCodeAt(0) - 0xac00) % 28;
  const stemSize = (word, rules) => {
    const size = word.length;
    if (!isHangul(word) || rules.nouns.has(word)) return size;
    for (let place = 1; place < size; place += 1) {
      const ending = word.slice(place);
      const isEnding = rules.particle.test(ending) || ((size > 2 || ending === "는") && rules.verb.test(ending));
      if (isEnding && agree(word[place - 1], ending, rules)) return place;
    }
    return size;
  };
  const agree = (before, ending, rules) => {
    const final = finalOf(before), first = ending[0];
    if (first === "니") return final === 17;
    if (rules.afterConsonant.includes(first)) return final > 0;
    return !rules.afterVowel.includes(first) || final === 0 || (first === "로" && final === 8);
  };
  const formsOf = (word, rules) => {
    if (!isHangul(word) || stemSize(word, rules) !== 1) return null;
    const stem = word[0], ending = word.slice(1), final = finalOf(stem);
    const isNoun = !ending || rules.particle.test(ending);
    const made = (whole, endings, changed = []) => ({
      whole: new Set(whole),
      starts: [...endings.map((each) => stem + each), ...changed],
      stems: [stem, ...new Set(changed.map((each) => each[0]))],
    });
    if (final && !ending.startsWith("니") && (ending === "는" || !isNoun)) {
      const other = String.fromCharCode(stem.charCodeAt(0) - 17);
      const changed = "굽눕줍깁춥덥맵쉽밉".includes(stem) ? [..."우워웠운울"].map((each) => other + each) : [];
      return made([word], [..."는고지다게기던네겠습은을으어아었았"], changed);
    }
    if (!isNoun || (ending === "는" && "하되가오보주쓰사자아치".includes(stem))) return made([word], []);
    const whole = [...(final ? "은이을과" : "는가를와")].map((each) => stem + each);
    if (!rules.particle.test(stem)) whole.push(stem);
    const endings = ["에", "들", "까지", "부터", "처럼", "보다", "마다", "한테", "하고",
      ...(final ? ["이다", "이에", "이었", "이라", "입니", "으로"] : ["예요", "였", "랑"])];
    return made([...whole.filter((each) => !rules.nouns.has(each)), word], endings);
  };
  const rulesOf = ({ endings, words: { letters, marks, paired, picture } }) => ({
    letters: new Map(Object.entries(letters)),
    marks: new RegExp(marks, "gu"),
    segment: new RegExp(
      `(?<paired>${paired}+)|(?<word>(?:(?!${paired})[\\p{L}\\p{N}]\\p{M}*)+)`
      + `|(?<emoji>\\p{RI}{2}|${picture}[\\ufe0f\\p{EMod}]*[\\u{e0020}-\\u{e007f}]*`
      + `(?:\\u200d${picture}[\\ufe0f\\p{EMod}]*)*)`, "gu"),
    particle: new RegExp(`^(?:${endings.particle})$`, "u"),
    verb: new RegExp(`^(?:${endings.verb})$`, "u"),
    afterConsonant: endings.after_consonant,
    afterVowel: endings.after_vowel,
    nouns: new Set(endings.nouns),
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
        if (term) query.parts.push({ pieces: [], terms: [term], beginnings: [], isExcluded: Boolean(not) });
        else query.unknown.push(`${key}:${value}`);
      } else {
        const pieces = segments(phrase ?? word, rules);
        const isPhrase = phrase !== undefined;
        for (const group of isPhrase ? [pieces] : pieces.map((piece) => [piece])) {
          if (group.length) query.parts.push(partOf(group, isPhrase, Boolean(not), rules));
        }
      }
    }
    return query;
  };
  // Also 2016.5.1 and 2016/5/1, as on the server.
  const dayOf = (typed) => {
    const found = /^(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?$/.exec(typed);
    if (!found) return null;
    const day = `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}`;
    const time = Date.parse(day);
    return time && new Date(time).toISOString().startsWith(day) ? day : null;
  };

  // Endings are written onto Korean words, so half of a long word is compared.
  const partOf = (pieces, isQuoted, isExcluded, rules) => {
    const part = { pieces, isQuoted, isExcluded, terms: [], beginnings: [] };
    const [{ kind, text }] = pieces;
    const isOpen = pieces.length === 1 && !isQuoted && !isExcluded;
    if (isOpen && kind === "word" && [...text].length > 1) part.beginnings = [text];
    else if (isOpen && kind === "paired") {
      const letters = [...text];
      const half = Math.min(stemSize(text, rules), Math.ceil(letters.length / 2));
      part.start = letters.slice(0, Math.max(2, half)).join("");
      part.forms = formsOf(text, rules);
      if (part.forms) part.beginnings = part.forms.stems;
      else if (letters.length === 1) part.beginnings = [text];
      else part.terms = pairsOf(part.start, false);
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
  const places = (part, found) => {
    if (!part.pieces.length) return [[0, 0]];
    const spans = [];
    const size = part.pieces.length;
    for (let place = 0; place + size <= found.length; place += 1) {
      const fits = part.pieces.every((piece, number) => {
        const other = found[place + number];
        if (other.kind !== piece.kind) return false;
        if (part.isQuoted || piece.kind === "emoji") return other.text === piece.text;
        if (piece.kind === "paired") {
          return other.text.includes(part.start ?? piece.text) || isForm(part.forms, found, place + number);
        }
        return part.beginnings.length ? other.text.startsWith(piece.text) : other.text === piece.text;
      });
      if (fits) spans.push([found[place].start, found[place + size - 1].end]);
    }
    return spans;
  };

  // Not an ending of a number or a name: 17일.
  const isForm = (forms, found, place) => {
    const { text, start } = found[place], last = found[place - 1];
    return forms && !(last?.kind === "word" && last.end === start)
      && (forms.whole.has(text) || forms.starts.some((each) => text.startsWith(each)));
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

  const textsOf = (index, number) => load(`texts/${Math.floor(number / index.chunk)}`);
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
    ]));
    for (const [beginning, having] of await Promise.all(lists)) {
      isCut ||= beginning.some((each) => each.isCut);
      if (beginning.length) keep(beginning.flatMap((each) => each.numbers));
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
  const isExact = (query, isCut) => !isCut && query.parts.every(
    (part) => !part.pieces.length || !part.isExcluded && part.pieces.length === 1
      && part.pieces[0].kind === "word");

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
    const found = segments(`${post[2]} ${post[3] ?? ""}`, query.rules);
    const spans = query.parts.map((part) => ({ part, spans: places(part, found) }));
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
        location.replace((await textsOf(index, found))[found % index.chunk][0]);
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
      input.value = decodeURIComponent(location.hash.slice(1));
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
            const chunks = await Promise.all(asked.map((number) => textsOf(index, number)));
            if (own !== run) return;
            for (let each = 0; each < asked.length && shown < SHOWN; each += 1) {
              const post = chunks[each][asked[each] % index.chunk];
              place += 1;
              const item = foundIn(post, query);
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
      input.value = decodeURIComponent(asked[1]);
      search();
    };
    addEventListener("hashchange", look);
    load("index").catch(() => {}); // Before the first query, which tells if it cannot be had.
    look();
  });
})();
