// Uses the client that openapi-generator has made for TypeScript, beside this file.
import { Configuration, ImportsApi, SearchApi, TweetsApi } from "./made";

async function main(basePath: string, accessToken: string): Promise<void> {
  const configuration = new Configuration({ basePath, accessToken });
  const tweets = new TweetsApi(configuration);
  const tweetLine = [0, 1, 2].map((n) => ({ username: "pia", text: `The tide turns, ${n}` }));
  const report = await tweets.createMany({ tweetLine });
  const found = await new SearchApi(configuration).searchTweets({ q: "tide", limit: 2 });
  const similar = await tweets.listSimilar({ tweetId: found.items[0].id });
  const file = new Blob(["text,username\nfog,pia\n"]);
  const job = await new ImportsApi(configuration).createImport({ file });
  const isWhole = report.accepted + report.duplicates === 3 && found.next !== null;
  if (isWhole && similar.next === null && job.state === "running") console.log("whole");
}

main(process.argv[2], process.argv[3]);
