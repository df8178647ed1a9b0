#include "tagdrift/registry/client.h"

#include <curl/curl.h>

#include "registry/dispatcher.h"

namespace tagdrift::registry {

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options,
                                                       std::shared_ptr<const CredentialSource> credentials) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return absl::InternalError("starting libcurl: " + std::string(curl_easy_strerror(started)));
  absl::StatusOr<std::unique_ptr<TrustStore>> trust =
      options.ca_pem.empty() ? TrustStore::Open(options.ca_bundle) : TrustStore::Of(options.ca_pem);
  if (!trust.ok()) return trust.status();
  return std::make_unique<Dispatcher>(std::move(options), std::move(credentials), std::move(*trust));
}

}  // namespace tagdrift::registry
