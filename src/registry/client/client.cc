#include "tagdrift/registry/client.h"

#include <curl/curl.h>

#include <string>

#include "registry/client/dispatcher.h"

namespace tagdrift::registry {

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options,
                                                       std::shared_ptr<const CredentialSource> credentials) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return absl::InternalError("starting libcurl: " + std::string(curl_easy_strerror(started)));
  return std::make_unique<Dispatcher>(std::move(options), std::move(credentials));
}

}  // namespace tagdrift::registry
