// An API server as far as kubectl looks at one: it tells its kinds, and their fields from a recorded OpenAPI document
// (tests/data/deploy/openapi.json: Kubernetes' definitions of the kinds that the chart makes, without their descriptions). It says that it
// validates nothing itself, so kubectl does. It has no objects but those that a test gives it.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { discovery, groupOf } = require('./discovery');

const definitions = JSON.parse(fs.readFileSync(path.join(__dirname, '../data/deploy/openapi.json'), 'utf8'));

/// [apiVersion, kind, resource, namespaced]
const kinds = [
  ['v1', 'ConfigMap', 'configmaps', true],
  ['v1', 'Namespace', 'namespaces', false],
  ['v1', 'Node', 'nodes', false],
  ['v1', 'Pod', 'pods', true],
  ['v1', 'Service', 'services', true],
  ['v1', 'ServiceAccount', 'serviceaccounts', true],
  ['apps/v1', 'DaemonSet', 'daemonsets', true],
  ['batch/v1', 'Job', 'jobs', true],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
  ['cert-manager.io/v1', 'Certificate', 'certificates', true],
  ['monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors', true],
  ['monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules', true],
];

// The document in the only form that kubectl takes, gnostic's protocol buffers (openapiv2/OpenAPIv2.proto).

function varint(number) {
  const bytes = [];
  for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
  return Buffer.from([...bytes, number]);
}

/// One field of wire type 2: text, or a message made of such fields.
function field(number, value) {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

const named = (name, value) => Buffer.concat([field(1, name), field(2, value)]);
const extension = (name, value) => named(name, field(2, JSON.stringify(value)));

function schema(definition) {
  const fields = [];
  const add = (number, value) => fields.push(field(number, value));
  if (definition.$ref) add(1, definition.$ref);
  if (definition.format) add(2, definition.format);
  for (const name of definition.required ?? []) add(19, name);
  if (definition.additionalProperties) add(21, field(1, schema(definition.additionalProperties)));
  if (definition.type) add(22, field(1, definition.type));
  if (definition.items) add(23, field(1, schema(definition.items)));
  if (definition.properties) {
    add(25, Buffer.concat(Object.entries(definition.properties).map(([name, value]) => field(1, named(name, schema(value))))));
  }
  const kind = definition['x-kubernetes-group-version-kind'];
  if (kind) add(31, extension('x-kubernetes-group-version-kind', kind));
  return Buffer.concat(fields);
}

/// Where kubectl looks for the parameter by which a server says that it validates. There is none.
function patch([apiVersion, kind]) {
  const groupVersionKind = { group: groupOf(apiVersion), version: 'v1', kind };
  return field(8, field(13, extension('x-kubernetes-group-version-kind', groupVersionKind)));
}

function openApi() {
  const paths = kinds.map((kind) => field(2, named(`/${kind[0]}/${kind[2]}/{name}`, patch(kind))));
  const all = Object.entries(definitions).map(([name, value]) => field(1, named(name, schema(value))));
  return Buffer.concat([
    field(1, '2.0'),
    field(2, Buffer.concat([field(1, 'Kubernetes'), field(2, 'v1')])),
    field(8, Buffer.concat(paths)),
    field(9, Buffer.concat(all)),
  ]);
}

const notFound = (message) => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404, reason: 'NotFound', message });

/// Listens on loopback. `answer(method, url, body)`, the body parsed where it is JSON, gives the object for a request, or text (a log), or
/// {events} of a watch that goes on; null is nothing found.
async function startApiServer(answer = () => null) {
  const document = openApi();
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url, 'http://server');
      if (url.pathname === '/openapi/v2') {
        response.setHeader('content-type', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
        return response.end(document);
      }
      const bytes = Buffer.concat(parts);
      const body = /json/.test(request.headers['content-type']) && bytes.length > 0 ? JSON.parse(bytes) : bytes;
      const found = discovery(kinds, url.pathname) ?? answer(request.method, url, body);
      if (typeof found === 'string') return response.end(found);
      response.setHeader('content-type', 'application/json');
      if (found?.events) return found.events.forEach((event) => response.write(`${JSON.stringify(event)}\n`));
      response.statusCode = found === null ? 404 : request.method === 'POST' ? 201 : 200;
      response.end(JSON.stringify(found ?? notFound(url.pathname)));
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

module.exports = { startApiServer };
