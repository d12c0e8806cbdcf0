// Returns what axe finds wrong with the page that is open, as sentences; folds are opened for sizes.
async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  // A frame that is sandboxed cannot answer axe.
  const options = { iframes: false, resultTypes: ["violations"] };
  const found = async (runOnly) => (await axe.run(document, { runOnly, ...options })).violations;
  const violations = await found({ type: "tag", values: tags });
  // axe leaves this rule off unless it is named.
  const sizes = { type: "rule", values: ["target-size"] };
  violations.push(...await found(sizes));
  const folds = [...document.querySelectorAll("details:not([open])")];
  for (const fold of folds) fold.open = true;
  if (folds.length) violations.push(...await found(sizes));
  for (const fold of folds) fold.open = false;
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `axe ${id}: ${node.html.slice(0, 120)}`));
}
