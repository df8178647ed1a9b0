// Objects of a small cluster, as its API server tells them.
'use strict';

function node(name, labels = {}) {
  return {kind: 'Node', metadata: {name, labels: {'kubernetes.io/os': 'linux', ...labels}}};
}

// The agent's pod on a node.
function agent(nodeName, {namespace = 'monitoring', running = true, owner = 'DaemonSet'} = {}) {
  const state = running ? {running: {startedAt: '2026-11-26T03:00:00Z'}} : {waiting: {reason: 'ImagePullBackOff'}};
  return {
    kind: 'Pod',
    metadata: {
      name: `tagdrift-${nodeName}`,
      namespace,
      labels: {'app.kubernetes.io/name': 'tagdrift'},
      ownerReferences: [{apiVersion: 'apps/v1', kind: owner, name: 'tagdrift', uid: '1'}],
    },
    spec: {nodeName, containers: [{name: 'tagdrift', image: 'registry.corp/tagdrift:v1'}]},
    status: {phase: running ? 'Running' : 'Pending', containerStatuses: [{name: 'tagdrift', state}]},
  };
}

const kReplicaSet = {kind: 'ReplicaSet', name: 'web-6c9d7'};

// A pod of deployment/web; without a node it waits for one.
function pod(name, nodeName, {imageID = 'sha256:1', owner = kReplicaSet, phase = 'Running', labels = {}} = {}) {
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: {app: 'web', 'pod-template-hash': '6c9d7', ...labels},
      ownerReferences: [{apiVersion: 'apps/v1', uid: '2', ...owner}],
    },
    spec: {...(nodeName && {nodeName}), containers: [{name: 'app', image: 'registry.corp:5000/shop/app:latest'}]},
    status: {phase: nodeName ? phase : 'Pending', ...(nodeName && {containerStatuses: [{name: 'app', imageID}]})},
  };
}

// `applied`: what kubectl apply got, an object, kept in the annotation.
function workload(kind, {selector = {matchLabels: {app: 'web'}}, applied} = {}) {
  const annotations = applied && {'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied)};
  return {
    kind,
    metadata: {name: 'web', namespace: 'shop', ...(annotations && {annotations})},
    spec: {
      selector,
      template: {metadata: {labels: {app: 'web'}}, spec: {containers: [{name: 'app', image: 'a', imagePullPolicy: 'IfNotPresent'}]}},
    },
  };
}

module.exports = {node, agent, pod, workload};
