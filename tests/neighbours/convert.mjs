// Reads a CSV and writes it again by a package of npm: `convert.mjs FOLDER LIBRARY KIND IN OUT`.
// FOLDER has the packages, and no saywho.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, library, kind, source, target] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const d3 = () => require("d3-dsv");
const text = () => readFileSync(source, "utf8");
const ways = {
  async papaparse() {
    const papa = require("papaparse");
    const { data } = papa.parse(text(), { header: true, skipEmptyLines: true });
    writeFileSync(target, papa.unparse(data));
  },
  async "papaparse:types"() {
    const papa = require("papaparse");
    const { data } = papa.parse(text(), { header: true, skipEmptyLines: true, dynamicTyping: true });
    writeFileSync(target, papa.unparse(data));
  },
  async "csv-parse"() {
    const rows = require("csv-parse/sync").parse(text(), { columns: true });
    writeFileSync(target, require("csv-stringify/sync").stringify(rows, { header: true }));
  },
  async "d3-dsv"() {
    const { csvParse, csvFormat } = d3();
    writeFileSync(target, csvFormat(csvParse(text())));
  },
  async "d3-dsv:types"() {
    const { csvParse, csvFormat, autoType } = d3();
    writeFileSync(target, csvFormat(csvParse(text(), autoType)));
  },
  async xlsx() {
    const xlsx = require("xlsx");
    xlsx.writeFile(xlsx.readFile(source, { codepage: 65001 }), target);
  },
  async "xlsx:raw"() {
    const xlsx = require("xlsx");
    xlsx.writeFile(xlsx.readFile(source, { codepage: 65001, raw: true }), target);
  },
  async exceljs() {
    const book = new (require("exceljs").Workbook)();
    await book.csv.readFile(source);
    await book.xlsx.writeFile(target);
  },
  async "exceljs:text"() {
    const book = new (require("exceljs").Workbook)();
    await book.csv.readFile(source, { map: (value) => value });
    await book.xlsx.writeFile(target);
  },
};
await ways[library]();
