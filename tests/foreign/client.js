// A client of the agent that shares no line with it: gRPC in plain JavaScript, by server reflection or by the proto files.
//
//   client.js reflect ADDRESS                 one line of service names, one with the whole report
//   client.js CALL ADDRESS REQUEST            CALL: a method of NodeCache or NodeCacheActions; REQUEST: its request in JSON
//
// Every answer is one line of proto3's canonical JSON, fields at their defaults left out. A failed call ends with exit code 1
// and its status, as JSON, on the last line.
'use strict';

const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const kRead = {longs: String, enums: String, bytes: String};
const kPackage = 'tagdrift.v1';

function say(value) {
  process.stdout.write(JSON.stringify(value) + '\n');
}

function fraction(nanos) {
  return nanos === 0 ? '' : '.' + String(nanos).padStart(9, '0').replace(/(000){1,2}$/, '');
}

const wellKnown = {
  'google.protobuf.Timestamp': ({seconds = 0, nanos = 0}) =>
      new Date(Number(seconds) * 1000).toISOString().slice(0, 19) + fraction(nanos) + 'Z',
  'google.protobuf.Duration': ({seconds = 0, nanos = 0}) => `${seconds}${fraction(nanos)}s`,
  'google.protobuf.ListValue': ({values = []}) => values.map((value) => value.stringValue ?? value.string_value),
};

// The canonical form of a decoded message. `type`: its descriptor; `types`: all of the package, by their names. Of reflected
// types names come as they are declared, and maps as lists of entries.
function canonical(message, type, types) {
  const one = (value, {type: kind, typeName}) => {
    if (kind !== 'TYPE_MESSAGE') return value;
    if (wellKnown[typeName]) return wellKnown[typeName](value);
    return canonical(value, types[`${kPackage}.${typeName}`].type, types);
  };
  const out = {};
  for (const field of type.field) {
    const value = message[field.name];
    if (value === undefined) continue;
    const jsonName = field.name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    const entry = (type.nestedType || []).find(({name, options}) => name === field.typeName && options.mapEntry);
    if (entry) {
      const pairs = Array.isArray(value) ? value.map((pair) => [pair.key, pair.value]) : Object.entries(value);
      out[jsonName] = Object.fromEntries(pairs.map(([key, item]) => [key, one(item, entry.field[1])]));
    } else {
      out[jsonName] = Array.isArray(value) ? value.map((item) => one(item, field)) : one(value, field);
    }
  }
  return out;
}

function connect(address, definition) {
  return new definition(address, grpc.credentials.createInsecure(), {'grpc.max_receive_message_length': -1});
}

// Calls a method and says each of its answers; ends with its failure.
function call(types, name, address, request) {
  const service = ['NodeCache', 'NodeCacheActions'].map((each) => `${kPackage}.${each}`).find((each) => types[each][name]);
  const method = types[service][name];
  const client = connect(address, grpc.makeClientConstructor(types[service], service));
  const show = (answer) => say(canonical(answer, method.responseType.type, types));
  return new Promise((resolve, reject) => {
    if (!method.responseStream) {
      client[name](request, (error, answer) => error ? reject(error) : resolve(show(answer)));
      return;
    }
    const answers = client[name](request);
    answers.on('data', show).on('error', reject).on('end', resolve);
  }).finally(() => client.close());
}

// Asks the server's reflection one thing.
function reflect(address, question) {
  const types = loader.loadSync(path.join(__dirname, 'reflection.proto'), {oneofs: true});
  const name = 'grpc.reflection.v1alpha.ServerReflection';
  const client = connect(address, grpc.makeClientConstructor(types[name], name));
  return new Promise((resolve, reject) => {
    const stream = client.ServerReflectionInfo();
    stream.on('data', resolve).on('error', reject);
    stream.write(question);
    stream.end();
  }).finally(() => client.close());
}

// The bytes of a FileDescriptorSet of these files: each is its field 1.
function descriptorSet(files) {
  return Buffer.concat(files.flatMap((file) => {
    const head = [0x0a];
    let length = file.length;
    for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
    return [Buffer.from([...head, length]), file];
  }));
}

async function reflected(address) {
  const services = (await reflect(address, {listServices: '*'})).listServicesResponse.service.map(({name}) => name);
  say(services.sort());
  const {fileDescriptorResponse} = await reflect(address, {fileContainingSymbol: `${kPackage}.NodeCache`});
  return loader.loadFileDescriptorSetFromBuffer(descriptorSet(fileDescriptorResponse.fileDescriptorProto), kRead);
}

async function main([what, address, request = '{}']) {
  if (what === 'reflect') {
    await call(await reflected(address), 'GetReport', address, {});
    return;
  }
  const protos = path.join(__dirname, '../../proto');
  const types = loader.loadSync('tagdrift/v1/node_cache.proto', {...kRead, includeDirs: [protos]});
  await call(types, what, address, JSON.parse(request));
}

main(process.argv.slice(2)).catch((error) => {
  say({code: grpc.status[error.code] || 'CLIENT', detail: error.details || String(error)});
  process.exitCode = 1;
});
