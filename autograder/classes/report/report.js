"use strict";
// Sorting and filtering of the heat map. The page is whole without it.
(() => {
  const id = name => document.getElementById(name);
  const data = JSON.parse(id("data").textContent);
  const students = id("letters").textContent.trimEnd().split("\n").map((line, place) => {
    const [label, points, letters] = line.split("\t");
    return {label, points, letters, place, made: new Map(pairs(data.made[place]))};
  });
  const svg = id("heat"), group = svg.querySelector("g"), box = id("heat-box");
  const space = "http://www.w3.org/2000/svg";
  let rows = [], columns = [], tile = data.tiles[0], at = null;

  function pairs(flat) {
    const found = [];
    for (let i = 0; i < flat.length; i += 2) found.push([flat[i], flat[i + 1]]);
    return found;
  }
  function options(select, entries) {
    for (const [value, words] of entries) select.add(new Option(words, value));
  }
  function element(tag, attributes, words = "") {
    const made = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = words;
    return made;
  }
  const round = number => Math.round(100 * number) / 100;
  const letters = Object.keys(data.kinds);
  const share = gap => gap.of ? gap.right / gap.of : 1;

  options(id("row-sort"), [["points", "points"], ["label", "name or number"], ["gap", "the result at the gap"]]);
  options(id("row-kind"), [["", "any result"], ...letters.map(letter => [letter, data.kinds[letter].word]),
    ...data.mistakes.map((name, number) => [`#${number}`, name])]);
  options(id("row-gap"), [["", "any gap"], ...data.gaps.map((gap, number) => [number, gap.name])]);
  options(id("column-notebook"), [["", "all notebooks"], ...[...new Set(data.gaps.map(gap => gap.notebook))].map(name => [name, name])]);

  function has(student, kind, gap) {
    const places = gap === "" ? data.gaps.keys() : [Number(gap)];
    for (const place of places) {
      if (kind === "" || (kind[0] === "#" ? student.made.get(place) === Number(kind.slice(1)) : student.letters[place] === kind)) return true;
    }
    return false;
  }
  function chosenRows() {
    const [kind, gap, sort] = [id("row-kind").value, id("row-gap").value, id("row-sort").value];
    const found = students.filter(student => has(student, kind, gap));
    if (sort === "label") found.sort((a, b) => a.label.localeCompare(b.label, "en", {numeric: true}));
    if (sort === "gap" && gap !== "") {
      found.sort((a, b) => letters.indexOf(a.letters[gap]) - letters.indexOf(b.letters[gap]) || a.place - b.place);
    }
    return found;
  }
  function chosenColumns() {
    const [notebook, most, sort] = [id("column-notebook").value, Number(id("column-most").value), id("column-sort").value];
    const found = [...data.gaps.keys()].filter(number => {
      const gap = data.gaps[number];
      return (!notebook || gap.notebook === notebook) && (most >= 100 || (gap.of > 0 && 100 * share(gap) <= most));
    });
    if (sort === "right") found.sort((a, b) => share(data.gaps[a]) - share(data.gaps[b]) || a - b);
    if (sort === "d") found.sort((a, b) => (data.gaps[a].d ?? 9) - (data.gaps[b].d ?? 9) || a - b);
    return found;
  }
  function draw() {
    rows = chosenRows();
    columns = chosenColumns();
    tile = data.tiles[rows.length <= data.tall ? 0 : 1];
    const paths = Object.fromEntries(letters.map(letter => [letter, []]));
    rows.forEach((student, y) => columns.forEach((gap, x) => {
      const letter = student.letters[gap], outline = tile.outlines[letter];
      if (outline) paths[letter].push(`M${round(x * tile.width + outline[0])} ${round(y * tile.height + outline[1])}${outline[2]}`);
    }));
    const drawn = letters.map(letter => element("path", {class: `kind ${data.kinds[letter].name}`, d: paths[letter].join("")}));
    const labels = rows.flatMap((student, y) => y % tile.every ? [] : [element("text", {x: -6, y: (y + 0.5) * tile.height + 4, class: "row"}, student.label)]);
    const heads = columns.map((gap, x) => element("text", {class: "column", transform: `translate(${(x + 0.6) * tile.width} -6) rotate(-60)`}, data.gaps[gap].name));
    group.replaceChildren(...drawn, ...labels, ...heads);
    const width = data.left + columns.length * tile.width + 80, height = data.top + rows.length * tile.height + 4;
    for (const [name, value] of [["width", width], ["height", height], ["viewBox", `0 0 ${width} ${height}`]]) svg.setAttribute(name, value);
    id("shown").value = `${rows.length} of ${students.length} students, ${columns.length} of ${data.gaps.length} gaps`;
    point(null);
  }
  function point(place) {
    group.querySelector(".cursor")?.remove();
    at = place && rows.length && columns.length
      ? [Math.max(0, Math.min(columns.length - 1, place[0])), Math.max(0, Math.min(rows.length - 1, place[1]))] : null;
    if (!at) { id("readout").textContent = "Point at a tile, or move with the arrow keys, to read what it stands for."; return; }
    const [x, y] = at, student = rows[y], gap = columns[x];
    group.append(element("rect", {class: "cursor", x: x * tile.width, y: y * tile.height, width: tile.width, height: tile.height}));
    const mistake = data.mistakes[student.made.get(gap)], word = data.kinds[student.letters[gap]].word;
    id("readout").textContent = `${student.label} (${student.points} points), ${data.gaps[gap].name}: ${word}${mistake ? `: ${mistake}` : ""}`;
  }
  svg.addEventListener("mousemove", event => {
    const seen = svg.getBoundingClientRect(), unit = svg.viewBox.baseVal.width / seen.width;
    const x = Math.floor(((event.clientX - seen.left) * unit - data.left) / tile.width);
    const y = Math.floor(((event.clientY - seen.top) * unit - data.top) / tile.height);
    if (x >= 0 && y >= 0 && x < columns.length && y < rows.length) point([x, y]);
  });
  box.addEventListener("keydown", event => {
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!move) return;
    event.preventDefault();
    point(at ? [at[0] + move[0], at[1] + move[1]] : [0, 0]);
    group.querySelector(".cursor")?.scrollIntoView({block: "nearest", inline: "nearest"});
  });
  id("controls").addEventListener("input", draw);
  id("controls").addEventListener("reset", () => setTimeout(draw));
  id("controls").addEventListener("submit", event => event.preventDefault());
  id("controls").hidden = id("readout").hidden = false;
  draw();
})();
