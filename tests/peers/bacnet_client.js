// A foreign BACnet client: node bacnet_client.js HOST PORT OWN_HOST, prints what it saw as JSON.
const Bacnet = require("node-bacnet");
const [host, port, own] = process.argv.slice(2);
const client = new Bacnet({ interface: own, port: 47903, apduTimeout: 3000 });
const peer = { address: `${host}:${port}` };
const ROOM = { type: 0, instance: 1 };
const SETPOINT = { type: 2, instance: 1 };
const PRESENT = 85, FLAGS = 111;

const call = (name, ...given) =>
  new Promise((done, failed) =>
    client[name](peer, ...given, (error, value) => (error ? failed(error) : done(value))));

async function talk() {
  const told = [];
  const heard = new Promise((done) =>
    client.on("covNotifyUnconfirmed", (said) => {
      told.push(said.payload.values[0].value[0].value);
      done();
    }));
  await call("writeProperty", SETPOINT, PRESENT, [{ type: 4, value: 22.5 }], { priority: 8 });
  const [room] = await call("readPropertyMultiple", [
    { objectId: ROOM, properties: [{ id: PRESENT }, { id: FLAGS }] },
  ]).then((answer) => answer.values);
  const setpoint = await call("readProperty", SETPOINT, PRESENT, {});
  await call("subscribeCov", ROOM, 5, false, false, 60, {});
  await heard;
  const refused = await call("readProperty", { type: 0, instance: 99 }, PRESENT, {})
    .then(() => "", (error) => error.message);
  return {
    room: room.values[0].value[0].value,
    flags: room.values[1].value[0].value.value,
    setpoint: setpoint.values[0].value,
    told,
    refused,
  };
}

client.on("listening", () =>
  talk().then(
    (seen) => { console.log(JSON.stringify(seen)); process.exit(0); },
    (error) => { console.error(error); process.exit(1); },
  ));
