// A foreign Modbus client: node modbus_client.js LIBRARY HOST PORT UNIT, prints what it saw as JSON.
// LIBRARY: modbus-serial, modbus-serial-rtu (serial frames over TCP), jsmodbus.
const net = require("net");
const [library, host, port, unit] = process.argv.slice(2);

async function modbusSerial(connect) {
  const Modbus = require("modbus-serial");
  const client = new Modbus();
  await client[connect](host, { port: Number(port) });
  client.setID(Number(unit));
  client.setTimeout(3000);
  const code = async (asked) => asked.then(() => 0, (error) => error.modbusCode);
  await client.writeCoils(17, [true, true]);
  await client.writeCoil(18, false);
  await client.writeRegisters(7, [0x3039, 0]);
  const seen = {
    holding: (await client.readHoldingRegisters(0, 3)).data,
    input: (await client.readInputRegisters(0, 4)).data,
    discrete: (await client.readDiscreteInputs(21, 3)).data.slice(0, 3).map(Number),
    coils: (await client.readCoils(17, 2)).data.slice(0, 2).map(Number),
    limit: (await client.readHoldingRegisters(7, 2)).data,
    refused: await code(client.readHoldingRegisters(9999, 1)),
  };
  client.close(() => {});
  return seen;
}

async function jsmodbus() {
  const Modbus = require("jsmodbus");
  const socket = new net.Socket();
  const client = new Modbus.client.TCP(socket, Number(unit), 3000);
  await new Promise((connected) => socket.connect({ host, port: Number(port) }, connected));
  const body = async (asked) => (await asked).response.body;
  const code = async (asked) => asked.then(() => 0, (error) => error.response.body.code);
  await client.writeMultipleCoils(17, [true, true]);
  await client.writeSingleCoil(18, false);
  await client.writeMultipleRegisters(7, [0x3039, 0]);
  const seen = {
    holding: (await body(client.readHoldingRegisters(0, 3))).valuesAsArray,
    input: (await body(client.readInputRegisters(0, 4))).valuesAsArray,
    discrete: (await body(client.readDiscreteInputs(21, 3))).valuesAsArray.slice(0, 3),
    coils: (await body(client.readCoils(17, 2))).valuesAsArray.slice(0, 2),
    limit: (await body(client.readHoldingRegisters(7, 2))).valuesAsArray,
    refused: await code(client.readHoldingRegisters(9999, 1)),
  };
  socket.end();
  return seen;
}

const talks = {
  "modbus-serial": () => modbusSerial("connectTCP"),
  "modbus-serial-rtu": () => modbusSerial("connectTelnet"),
  jsmodbus,
};
talks[library]().then((seen) => console.log(JSON.stringify(seen)), (error) => {
  console.error(error);
  process.exit(1);
});
