// A foreign Modbus server: node modbus_server.js LIBRARY HOST PORT, prints "ready" when it listens.
// Every register n holds 1000 + n until it is written, every third bit is set until it is written.
const net = require("net");
const [library, host, port] = process.argv.slice(2);
const SIZE = 100;
const registers = Array.from({ length: SIZE }, (_, n) => 1000 + n);
const bits = Array.from({ length: SIZE }, (_, n) => n % 3 === 0);
const ready = () => console.log("ready");

function modbusSerial() {
  const { ServerTCP } = require("modbus-serial");
  const inside = (value) => {
    if (value === undefined) throw Object.assign(new Error("address"), { modbusErrorCode: 2 });
    return value;
  };
  const vector = {
    getInputRegister: (n) => inside(registers[n]),
    getHoldingRegister: (n) => inside(registers[n]),
    getCoil: (n) => inside(bits[n]),
    getDiscreteInput: (n) => inside(bits[n]),
    setRegister: (n, value) => { registers[n] = value; },
    setCoil: (n, value) => { bits[n] = value; },
  };
  new ServerTCP(vector, { host, port: Number(port), unitID: 7 }).on("initialized", ready);
}

function jsmodbus() {
  const Modbus = require("jsmodbus");
  const words = () => {
    const buffer = Buffer.alloc(2 * SIZE);
    registers.forEach((value, n) => buffer.writeUInt16BE(value, 2 * n));
    return buffer;
  };
  const packed = () => {
    const buffer = Buffer.alloc(Math.ceil(SIZE / 8));
    bits.forEach((bit, n) => { if (bit) buffer[n >> 3] |= 1 << n % 8; });
    return buffer;
  };
  const server = new net.Server();
  new Modbus.server.TCP(server, {
    coils: packed(), discrete: packed(), holding: words(), input: words(),
  });
  server.listen({ host, port: Number(port) }, ready);
}

({ "modbus-serial": modbusSerial, jsmodbus })[library]();
