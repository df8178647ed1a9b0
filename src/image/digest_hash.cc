#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "tagdrift/image/digest.h"

namespace tagdrift::image {
namespace {

const EVP_MD* HashOf(std::string_view algorithm) {
  if (algorithm == "sha384") return EVP_sha384();
  if (algorithm == "sha512") return EVP_sha512();
  return EVP_sha256();
}

std::string HexOf(const EVP_MD* hash, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  // Fails only when OpenSSL itself is unusable; no digest can be trusted then.
  if (EVP_Digest(bytes.data(), bytes.size(), sum.data(), &size, hash, nullptr) != 1) std::abort();
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(std::size_t{size} * 2);
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[sum[i] >> 4];
    hex += kDigits[sum[i] & 0xf];
  }
  return hex;
}

}  // namespace

Digest Digest::OfBytes(std::string_view bytes) { return Digest("sha256:" + HexOf(EVP_sha256(), bytes)); }

bool Digest::Matches(std::string_view bytes) const { return HexOf(HashOf(algorithm()), bytes) == hex(); }

}  // namespace tagdrift::image
