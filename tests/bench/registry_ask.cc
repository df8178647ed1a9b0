// registry_ask AUTHORITY TAGS REPOSITORIES CA-BUNDLE: asks a registry for the digests of TAGS tags spread over
// REPOSITORIES repositories, as `tagdrift check` does, and prints what it took:
// "answered 200 requests 201 tokens 50 connections 2 peak-kib 14000".
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tagdrift/registry/client.h"

namespace tagdrift::bench {
namespace {

/// Most memory that was resident at a time, of this program alone (ru_maxrss would count the parent's at the fork).
std::string PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:" && status >> word) return word;
  }
  return "0";
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Ask(const std::string& authority, int tags, int repositories, const std::string& ca_bundle) {
  registry::Client::Options options;
  options.user_agent = "tagdrift/bench";
  auto client = registry::Client::Create(std::move(options), registry::NoCredentials());
  if (!client.ok()) {
    std::cerr << "registry_ask: " << client.status().message() << "\n";
    return 1;
  }
  auto network = std::make_shared<registry::Network>();
  network->ca_pem = ReadAll(ca_bundle);
  const CallContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2), .stop = {}};
  const auto batch = (*client)->Open(registry::RateClass::kInteractive, std::move(network), context);
  auto host = std::make_shared<hosts::RegistryHost>();
  host->scheme = "https";
  host->host = authority;
  host->path = "/v2";
  for (int i = 0; i < tags; ++i) {
    registry::Request request;
    request.host = host;
    request.registry = authority;
    request.repository = fmt::format("team-{}/app", i % repositories);
    request.object = fmt::format("v{}", i / repositories);
    batch->Send(static_cast<std::uint64_t>(i), std::move(request));
  }
  int answered = 0;
  for (int i = 0; i < tags; ++i) {
    const auto reply = batch->Receive();
    if (!reply) break;
    const hosts::Answer& answer = reply->second.answer;
    if (answer.status == 200 && answer.digest_header) {
      ++answered;
    } else {
      std::cerr << "registry_ask: status " << answer.status << " " << answer.failure_detail << "\n";
    }
  }
  const registry::Client::Counts counts = (*client)->counts();
  fmt::print("answered {} requests {} tokens {} connections {} peak-kib {}\n", answered, counts.requests,
             counts.token_requests, counts.connections, PeakKib());
  return answered == tags ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: registry_ask AUTHORITY TAGS REPOSITORIES CA-BUNDLE\n";
    return 64;
  }
  return tagdrift::bench::Ask(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
}
