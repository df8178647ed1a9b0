#include "kube/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "kube/certificate_pin.h"
#include "kube/object.h"
#include "tagdrift/kube/pod_list.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

constexpr char kOwnCertificate[] = "/var/lib/kubelet/pki/kubelet.crt";
constexpr std::size_t kMostCertificateBytes = 1 << 20;
constexpr std::size_t kMostNodeBytes = 4 << 20;
constexpr int kMostPages = 20;
constexpr std::chrono::seconds kWatch(290);
constexpr std::chrono::seconds kWatchGrace(30);
constexpr std::size_t kMostEventBytes = 4 << 20;

absl::Status WithAdvice(const absl::Status& status, const std::string& advice) {
  return absl::Status(status.code(), fmt::format("{}: {}", text::MessageOf(status), advice));
}

absl::Status OfKubelet(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kPermissionDenied) {
    return WithAdvice(
        status,
        "grant get on nodes/pods; before Kubernetes 1.33 only nodes/proxy will do, which also allows exec "
        "in every container of the node");
  }
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    return WithAdvice(status, fmt::format("nothing was sent; it has to be that of {}, or signed by the cluster's CA "
                                          "(serverTLSBootstrap) for the address of --kubelet",
                                          kOwnCertificate));
  }
  return status;
}

absl::StatusOr<PodList> ListOf(const absl::StatusOr<std::string>& body) {
  if (!body.ok()) return body.status();
  absl::StatusOr<PodList> list = ReadPodList(*body);
  if (list.ok()) return list;
  return absl::Status(list.status().code(), "its answer " + text::MessageOf(list.status()));
}

/// `text` in a URL's query.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

absl::Status OfApi(const absl::Status& status, const char* verb) {
  if (status.code() != absl::StatusCode::kPermissionDenied) return status;
  return WithAdvice(status, fmt::format("grant {} on pods", verb));
}

std::string UrlOfPods(const Client& client, const std::string& node_name) {
  return fmt::format("{}/api/v1/pods?fieldSelector={}", client.server(), Escaped("spec.nodeName=" + node_name));
}

}  // namespace

absl::StatusOr<std::vector<facts::Pod>> PodsOfKubelet(Client& client, const std::string& authority,
                                                      const hosts::FileTree& node_files, const CallContext& context) {
  const std::string url = "https://" + authority + "/pods";
  const auto certificate = node_files.Read(kOwnCertificate, kMostCertificateBytes);
  const std::string pin = certificate.ok() ? CertificatePin(*certificate) : "";
  absl::StatusOr<std::string> body = absl::FailedPreconditionError("");
  if (!pin.empty()) body = client.Get(url, pin, kMostBodyBytes, context);
  // A kubelet that the cluster gave a certificate leaves the one it once made itself behind.
  if (body.status().code() == absl::StatusCode::kFailedPrecondition) {
    body = client.Get(url, "", kMostBodyBytes, context);
  }
  absl::StatusOr<PodList> list = ListOf(body);
  if (!list.ok()) return OfKubelet(list.status());
  return std::move(list->pods);
}

absl::StatusOr<PodList> PodsOfApi(Client& client, const std::string& node_name, const CallContext& context) {
  const std::string url = UrlOfPods(client, node_name) + "&limit=500";
  PodList all;
  // A page is asked for by its own token, which stands for a version too.
  std::string page = "&resourceVersion=0";
  for (int pages = 0; !page.empty(); ++pages) {
    absl::StatusOr<PodList> list = ListOf(client.Get(url + page, "", kMostBodyBytes, context));
    if (!list.ok()) return OfApi(list.status(), "list");
    std::ranges::move(list->pods, std::back_inserter(all.pods));
    all.resource_version = std::move(list->resource_version);
    if (all.pods.size() > kMostPods || pages == kMostPages) {
      return absl::ResourceExhaustedError(
          fmt::format("its list has more than {} pods, or {} pages", kMostPods, kMostPages));
    }
    page = list->next.empty() ? "" : "&continue=" + Escaped(list->next);
  }
  if (all.pods.empty()) {
    return absl::NotFoundError(
        fmt::format("it knows no pods of a node '{}': NODE_NAME has to be the Node's name", node_name));
  }
  return all;
}

absl::Status WatchPods(Client& client, const std::string& node_name, const std::string& version,
                       const std::function<absl::Status(PodEvent event)>& on_event, const CallContext& context) {
  const std::string url = fmt::format("{}&watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                                      UrlOfPods(client, node_name), kWatch.count(), Escaped(version));
  std::string rest;  // of a line that has not ended yet
  absl::Status read;
  const auto on_body = [&](std::string_view piece) {
    rest += piece;
    std::size_t begin = 0;
    for (std::size_t end = 0; read.ok() && (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      auto event = ReadPodEvent(std::string_view(rest).substr(begin, end - begin));
      read = event.ok() ? on_event(*std::move(event)) : event.status();
    }
    rest.erase(0, begin);
    if (rest.size() > kMostEventBytes) read = absl::ResourceExhaustedError("an event has more than 4 MiB");
    return read.ok();
  };
  // A connection that went silent is given up a little after the server should have ended it.
  const absl::Status end =
      client.Stream(url, on_body, context.Within(std::chrono::steady_clock::now(), kWatch + kWatchGrace));
  if (!read.ok()) return read;
  return end.ok() ? end : OfApi(end, "watch");
}

std::string KubeletVersion(Client& client, const std::string& node_name, const CallContext& context) {
  const std::string url = fmt::format("{}/api/v1/nodes/{}?resourceVersion=0", client.server(), Escaped(node_name));
  const auto body = client.Get(url, "", kMostNodeBytes, context);
  if (!body.ok()) return {};
  const auto node = nlohmann::json::parse(*body, nullptr, false);
  absl::Status status;
  const Object document(node, "", status);
  const std::string version = document.Child("status").Child("nodeInfo").Text("kubeletVersion");
  return status.ok() ? version : "";
}

}  // namespace tagdrift::kube
