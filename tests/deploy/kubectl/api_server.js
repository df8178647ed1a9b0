// An API server for kubectl: serves the objects it is given (get and list, with label selectors) and lets pods be executed in, by SPDY/3.1
// as real ones do. Over http on the loopback interface, without authentication.
'use strict';

const http = require('http');
const {discovery} = require('../discovery.js');

// [apiVersion, kind, resource, namespaced, shortNames]
const kinds = [
  ['v1', 'Pod', 'pods', true, ['po']],
  ['v1', 'Node', 'nodes', false, ['no']],
  ['v1', 'Namespace', 'namespaces', false, ['ns']],
  ['apps/v1', 'Deployment', 'deployments', true, ['deploy']],
  ['apps/v1', 'StatefulSet', 'statefulsets', true, ['sts']],
  ['apps/v1', 'DaemonSet', 'daemonsets', true, ['ds']],
  ['apps/v1', 'ReplicaSet', 'replicasets', true, ['rs']],
  ['batch/v1', 'Job', 'jobs', true],
];

// Whether the labels fulfil a selector in the syntax of the API.
function matches(selector, labels = {}) {
  const requirements = selector.split(/,(?![^(]*\))/).filter((text) => text !== '');
  return requirements.every((text) => {
    let found;
    if ((found = text.match(/^(\S+) (in|notin) \(([^)]*)\)$/))) {
      const listed = found[3].split(',').includes(labels[found[1]]);
      return found[2] === 'in' ? listed : !listed;
    }
    if (text.startsWith('!')) return !(text.slice(1) in labels);
    if ((found = text.match(/^([^!=]+)!=(.*)$/))) return labels[found[1]] !== found[2];
    if ((found = text.match(/^([^=]+)==?(.*)$/))) return labels[found[1]] === found[2];
    if (/^[\w./-]+$/.test(text)) return text in labels;
    throw new Error(`no selector: ${text}`);
  });
}

// [code, body] of a GET.
function answer(objects, url) {
  const found = discovery(kinds, url.pathname);
  if (found) return [200, found];
  for (const [apiVersion, kind, name] of kinds) {
    const prefix = `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}`;
    const path = new RegExp(`^${prefix}(?:/namespaces/([^/]+))?/${name}(?:/([^/]+))?$`).exec(url.pathname);
    if (!path) continue;
    const items = objects.filter((object) => object.kind === kind && (!path[1] || object.metadata.namespace === path[1]) &&
        (!path[2] || object.metadata.name === path[2]) && matches(url.searchParams.get('labelSelector') ?? '', object.metadata.labels));
    const untyped = items.map((item) => ({...item, kind: undefined}));
    if (!path[2]) return [200, {kind: `${kind}List`, apiVersion, metadata: {}, items: untyped}];
    if (items.length === 1) return [200, {apiVersion, ...items[0]}];
    return [404, failure('NotFound', 404, `${name} "${path[2]}" not found`)];
  }
  return [404, failure('NotFound', 404, 'the server could not find the requested resource')];
}

function failure(reason, code, message) {
  return {kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code};
}

// --- SPDY/3.1, the server's side of an exec without standard input ---

const kSynStream = 1;
const kSynReply = 2;
const kPing = 6;
// A zlib stream of blocks that are stored as they are: no header in any reply. The empty block flushes.
const kZlibBegin = Buffer.from([0x78, 0x01]);
const kNoHeaders = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

function controlFrame(type, body) {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

function dataFrame(stream, data, last) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(stream, 0);
  head.writeUInt32BE(data.length, 4);
  head[4] = last ? 1 : 0;
  return Buffer.concat([head, data]);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

// Answers the streams that the client opens, in the order in which kubectl does: error, standard output, standard error. Resolves with
// their ids.
function openStreams(socket, head) {
  return new Promise((resolve) => {
    let pending = Buffer.alloc(0);
    const streams = [];
    const read = (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 8) {
        const length = pending.readUInt32BE(4) & 0xffffff;
        if (pending.length < 8 + length) return;
        const body = pending.subarray(8, 8 + length);
        const type = (pending[0] & 0x80) === 0 ? 0 : pending.readUInt16BE(2);
        pending = pending.subarray(8 + length);
        if (type === kPing) socket.write(controlFrame(kPing, body));
        if (type !== kSynStream) continue;
        const stream = body.readUInt32BE(0) & 0x7fffffff;
        const headers = streams.length === 0 ? [kZlibBegin, kNoHeaders] : [kNoHeaders];
        socket.write(controlFrame(kSynReply, Buffer.concat([uint32(stream), ...headers])));
        streams.push(stream);
        if (streams.length === 3) resolve(streams);
      }
    };
    socket.on('data', read);
    read(head);
  });
}

function endOf(code) {
  if (code === 0) return {metadata: {}, status: 'Success'};
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: {causes: [{reason: 'ExitCode', message: String(code)}]},
  };
}

// `exec(pod, command)` promises {out, err, code}, or nothing ever; or answers {refuse: message} at once. Answers {url, requests, close};
// `requests` grows.
async function startApiServer(objects, exec) {
  const requests = [];
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const url = new URL(request.url, 'http://localhost');
    const [code, body] = request.method === 'GET' ? answer(objects, url) : [405, failure('MethodNotAllowed', 405, 'only GET')];
    response.writeHead(code, {'Content-Type': 'application/json'}).end(JSON.stringify(body));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', async (request, socket, head) => {
    requests.push(`${request.method} ${request.url}`);
    const url = new URL(request.url, 'http://localhost');
    const reply = (code, body) => {
      const text = JSON.stringify(body);
      socket.end(`HTTP/1.1 ${code} Refused\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n` +
          `Connection: close\r\n\r\n${text}`);
    };
    const path = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/exec$/.exec(url.pathname);
    if (!path) return reply(404, failure('NotFound', 404, 'no such path'));
    if (request.headers.upgrade.toLowerCase() !== 'spdy/3.1') return reply(400, failure('BadRequest', 400, 'only SPDY/3.1'));
    const ended = exec({namespace: path[1], name: path[2], container: url.searchParams.get('container')},
        url.searchParams.getAll('command'));
    if (ended.refuse) return reply(500, failure('InternalError', 500, ended.refuse));
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
        'X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n');
    const [error, out, err] = await openStreams(socket, head);
    const end = await ended;
    socket.write(dataFrame(out, Buffer.from(end.out ?? ''), true));
    socket.write(dataFrame(err, Buffer.from(end.err ?? ''), true));
    socket.write(dataFrame(error, Buffer.from(JSON.stringify(endOf(end.code ?? 0))), true));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

module.exports = {startApiServer};
