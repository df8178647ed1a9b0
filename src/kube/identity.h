#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/kube/pods.h"

namespace tagdrift::kube {

/// As whom the kubelet and the API server are asked, and how the latter is reached.
struct Identity {
  std::string server;              ///< of the API: "https://10.0.0.1:443"; empty: not known
  std::string ca_pem;              ///< of the cluster; empty: the system's authorities
  std::string token;               ///< secret
  std::string token_file;          ///< where `token` is read again; empty: it does not change
  std::string client_certificate;  ///< PEM
  std::string client_key;          ///< PEM, secret
};

/// The kubeconfig's current context, else the service account. `files` is this process's root. Errors: NotFound where
/// there is no kubeconfig and no service account; InvalidArgument and others naming the file and what to do.
absl::StatusOr<Identity> LoadIdentity(const Options& options, const std::map<std::string, std::string>& environment,
                                      const hosts::FileTree& files);

/// Reads `token_file`. Errors: those of the read, with the file's name.
absl::Status ReloadToken(const hosts::FileTree& files, Identity& identity);

}  // namespace tagdrift::kube
