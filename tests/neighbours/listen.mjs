// Listens to a live stream until an event with data comes: `listen.mjs FOLDER CLIENT URL`.
// FOLDER has the packages, and no saywho.
import { createRequire } from "node:module";

const [folder, client, url] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const heard = (name, id, data) => {
  console.log(name, id, Object.keys(JSON.parse(data)));
  if (name !== "ready") process.exit(0);
};
if (client === "eventsource-client") {
  const { createEventSource } = require("eventsource-client");
  createEventSource({ url, onMessage: ({ event, id, data }) => heard(event, id, data) });
} else {
  const { EventSource } = require(client);
  const source = new EventSource(url);
  for (const name of ["ready", "tweet.created"]) {
    source.addEventListener(name, (event) => heard(name, event.lastEventId, event.data));
  }
}
