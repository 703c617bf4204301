// A foreign BACnet server: node bacnet_server.js HOST PORT, prints "ready" when it listens.
// Analog input n holds n + 0.5; a write to an analog value is kept; whoever subscribes is told 30.5.
const Bacnet = require("node-bacnet");
const [host, port] = process.argv.slice(2);
const server = new Bacnet({ interface: host, port: Number(port) });
const REAL = 4, BITS = 8, PRESENT = 85;
const kept = {};

const present = ({ type, instance }) => ({ type: REAL, value: type === 2 ? kept[instance] || 0 : instance + 0.5 });
const flags = { type: BITS, value: { bitsUsed: 4, value: [0] } };
const value = (object, id) => (id === PRESENT ? present(object) : flags);

server.on("readPropertyMultiple", ({ header, invokeId, payload }) => {
  const answers = payload.properties.map(({ objectId, properties }) => ({
    objectId,
    values: properties.map(({ id }) => ({ property: { id, index: 0xffffffff }, value: [value(objectId, id)] })),
  }));
  server.readPropertyMultipleResponse(header.sender, invokeId, answers);
});
server.on("writeProperty", ({ header, service, invokeId, payload }) => {
  kept[payload.objectId.instance] = payload.value.value[0].value;
  server.simpleAckResponse(header.sender, service, invokeId);
});
server.on("listening", () => console.log("ready"));
