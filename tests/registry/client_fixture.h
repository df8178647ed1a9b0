#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// One user and password for every host.
class OneCredential : public CredentialSource {
 public:
  CredentialAnswer Find(std::string_view, std::string_view, const CallContext&) const override {
    return {{{"me", "pw", {}, {}}}, {}};
  }
};

/// A name that no resolver needs to be asked about: its first label is too long.
inline const std::string kNoSuchHost = std::string(64, 'x') + ".invalid";

class ClientTest : public testing::Test {
 protected:
  /// A client with one batch, which ends with the test.
  void Open(Client::Options options = {}, std::shared_ptr<const CredentialSource> credentials = NoCredentials(),
            const Network& network = {}) {
    batch_.reset();
    options.user_agent = "tagdrift/test";
    auto client = Client::Create(std::move(options), std::move(credentials));
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = std::move(*client);
    batch_ = client_->Open(RateClass::kInteractive, std::make_shared<Network>(network), WithinAMinute());
  }

  static CallContext WithinAMinute() {
    return {.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1), .stop = {}};
  }

  void Close() {
    batch_.reset();
    client_.reset();
  }

  static std::shared_ptr<hosts::RegistryHost> HostAt(const std::string& authority, const std::string& scheme = "http") {
    auto host = std::make_shared<hosts::RegistryHost>();
    host->scheme = scheme;
    host->host = authority;
    host->path = "/v2";
    return host;
  }

  std::uint64_t Ask(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository = "team/app",
                    Question question = Question::kResolve, const std::string& object = "v1") {
    const std::uint64_t ticket = ++tickets_;
    batch_->Send(ticket, {.host = host,
                          .registry = host->host,
                          .repository = repository,
                          .object = object,
                          .media_type = "application/x",
                          .question = question});
    return ticket;
  }

  std::pair<std::uint64_t, Reply> Next() {
    auto reply = batch_->Receive();
    EXPECT_TRUE(reply.has_value()) << "no reply within a minute";
    return reply ? std::move(*reply) : std::pair<std::uint64_t, Reply>();
  }

  hosts::Answer AnswerOf(const std::shared_ptr<hosts::RegistryHost>& host) {
    Ask(host);
    return Next().second.answer;
  }

  std::unique_ptr<Client> client_;
  std::unique_ptr<Batch> batch_;  // ends first
  std::uint64_t tickets_ = 0;
};

}  // namespace tagdrift::registry
