// What an API server says of its kinds.
'use strict';

/// "" for the core group.
const groupOf = (apiVersion) => (apiVersion.includes('/') ? apiVersion.split('/')[0] : '');

/// The answer to a GET of `where`, null where that is none of discovery's paths. `kinds`: [apiVersion, kind, resource, namespaced,
/// shortNames], all of version v1.
function discovery(kinds, where) {
  if (where === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (where === '/apis') {
    const groups = [...new Set(kinds.map(([apiVersion]) => groupOf(apiVersion)))].filter(Boolean).map((name) => {
      const version = { groupVersion: `${name}/v1`, version: 'v1' };
      return { name, versions: [version], preferredVersion: version };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }
  const groupVersion = where.replace(/^\/apis?\//, '');
  const verbs = ['create', 'get', 'list', 'patch', 'watch'];
  const resources = kinds
    .filter(([apiVersion]) => apiVersion === groupVersion)
    .map(([, kind, name, namespaced, shortNames = []]) => ({ name, singularName: kind.toLowerCase(), namespaced, kind, shortNames, verbs }));
  return resources.length > 0 ? { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources } : null;
}

module.exports = { discovery, groupOf };
