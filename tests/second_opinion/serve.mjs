// A Google that nobody here wrote, on loopback: prints its port and ends when stdin does.
import { createServer, serve } from "@emulators/core";
import { googlePlugin, seedFromConfig } from "@emulators/google";

const { users, oauth_clients } = JSON.parse(process.argv[2]);
const { app, store, baseUrl } = createServer(googlePlugin, { port: 0 });
googlePlugin.seed?.(store, baseUrl);
seedFromConfig(store, baseUrl, { users, oauth_clients });
const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
server.on("listening", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
