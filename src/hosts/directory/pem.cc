#include "hosts/directory/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

namespace tagdrift::hosts {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

struct Block {
  std::string type;
  std::string headers;
  std::string der;  ///< may be a private key
};

/// The PEM blocks of `pem`; what cannot be decoded is skipped.
std::vector<Block> Blocks(std::string_view pem) {
  std::vector<Block> blocks;
  if (pem.size() > std::numeric_limits<int>::max()) return blocks;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (bio != nullptr) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    ERR_clear_error();
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
      if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE || BIO_eof(bio.get())) break;
      continue;
    }
    const auto length = static_cast<std::size_t>(size);
    blocks.push_back({name, header, std::string(reinterpret_cast<const char*>(data), length)});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, length);
  }
  ERR_clear_error();
  return blocks;
}

Certificate ParseCertificate(const Block& block) {
  const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(block.der.size())));
  ERR_clear_error();
  return certificate;
}

Key ParseKey(const Block& block) {
  const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block.der.size())));
  ERR_clear_error();
  return key;
}

bool IsKey(const Block& block) { return block.type == "PRIVATE KEY" || block.type.ends_with(" PRIVATE KEY"); }
bool IsCertificate(const Block& block) { return block.type == "CERTIFICATE"; }

/// The types, as Go prints a list of strings.
std::string Types(const std::vector<Block>& blocks) {
  std::string types = "[";
  for (const Block& block : blocks) types += (types.size() > 1 ? " " : "") + block.type;
  return types + "]";
}

std::string NoCertificate(const std::vector<Block>& blocks) {
  if (blocks.empty()) return "tls: failed to find any PEM data in certificate input";
  if (blocks.size() == 1 && IsKey(blocks[0])) {
    return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may "
           "have "
           "been switched";
  }
  return "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the "
         "following "
         "types: " +
         Types(blocks);
}

std::string NoKey(const std::vector<Block>& blocks) {
  if (blocks.empty()) return "tls: failed to find any PEM data in key input";
  if (blocks.size() == 1 && IsCertificate(blocks[0])) {
    return "tls: found a certificate rather than a key in the PEM for the private key";
  }
  return "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of "
         "the "
         "following types: " +
         Types(blocks);
}

}  // namespace

bool HoldsCertificate(std::string_view pem) {
  return std::ranges::any_of(Blocks(pem), [](const Block& block) {
    return IsCertificate(block) && block.headers.empty() && ParseCertificate(block) != nullptr;
  });
}

std::optional<std::string> KeyPairProblem(std::string_view certificate, std::string_view key) {
  const std::vector<Block> certificate_blocks = Blocks(certificate);
  const auto leaf_block = std::ranges::find_if(certificate_blocks, IsCertificate);
  if (leaf_block == certificate_blocks.end()) return NoCertificate(certificate_blocks);

  const std::vector<Block> key_blocks = Blocks(key);
  const auto key_block = std::ranges::find_if(key_blocks, IsKey);
  if (key_block == key_blocks.end()) return NoKey(key_blocks);

  const Certificate leaf = ParseCertificate(*leaf_block);
  if (leaf == nullptr) return "x509: malformed certificate";
  const Key private_key = ParseKey(*key_block);
  if (private_key == nullptr) return "tls: failed to parse private key";
  const Key public_key(X509_get_pubkey(leaf.get()));
  if (public_key == nullptr) return "tls: unknown public key algorithm";
  if (EVP_PKEY_base_id(public_key.get()) != EVP_PKEY_base_id(private_key.get())) {
    return "tls: private key type does not match public key type";
  }
  if (EVP_PKEY_eq(public_key.get(), private_key.get()) != 1) return "tls: private key does not match public key";
  return std::nullopt;
}

}  // namespace tagdrift::hosts
