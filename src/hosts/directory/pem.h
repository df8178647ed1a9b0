#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::hosts {

/// Whether `pem` holds at least one certificate that parses; all else in it is skipped, as Go does.
bool HoldsCertificate(std::string_view pem);

/// Why Go would not take the two as a certificate and its private key ("tls: private key does not match public key");
/// nothing when it would. Never quotes the key.
std::optional<std::string> KeyPairProblem(std::string_view certificate, std::string_view key);

}  // namespace tagdrift::hosts
