// lab_cluster.js CONFIG BINARY NODE=SOCKET_DIR=POD…: an API server of a cluster of these nodes, each with an agent that runs already and
// a pod of deployment/web in the namespace shop. What is executed in an agent's pod is run here, its /run/tagdrift being SOCKET_DIR. CONFIG
// is written for kubectl as soon as it may come.
'use strict';

const childProcess = require('node:child_process');
const fs = require('node:fs');
const {startApiServer} = require('./api_server.js');
const {agent, node, pod, workload} = require('./cluster.js');

const [config, binary, ...places] = process.argv.slice(2);
const sockets = {};
const objects = [workload('Deployment')];
for (const place of places) {
  const [name, socketDir, podName] = place.split('=');
  sockets[`tagdrift-${name}`] = socketDir;
  objects.push(node(name), agent(name), pod(podName, name));
}

function execute({name}, [program, ...words]) {
  if (program !== 'tagdrift') return {refuse: `${program}: no such program`};
  return new Promise((resolve) => {
    const here = words.map((word) => word.replace('unix:///run/tagdrift/', `unix://${sockets[name]}/`));
    childProcess.execFile(binary, here, {maxBuffer: 1 << 26}, (error, out, err) => resolve({out, err, code: error?.code ?? 0}));
  });
}

startApiServer(objects, execute).then(({url}) => {
  fs.writeFileSync(`${config}.new`, JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'lab', cluster: {server: url}}],
    contexts: [{name: 'lab', context: {cluster: 'lab', namespace: 'shop'}}],
    'current-context': 'lab',
  }));
  fs.renameSync(`${config}.new`, config);
});
