#include "registry/tls/trust_pool.h"

#include <gtest/gtest.h>

#include "test_certificates.h"

namespace tagdrift::registry {
namespace {

TEST(TrustPool, GoesWithItsLastStore) {
  const TestAuthority authority;
  std::shared_ptr<TrustPool> pool = TrustPool::Of(authority.Certificate());
  std::shared_ptr<X509_STORE> store = pool->With({});
  ASSERT_NE(store, nullptr);
  const std::weak_ptr<TrustPool> known = pool;
  pool.reset();
  EXPECT_FALSE(known.expired()) << "the store looks into it";
  store.reset();
  EXPECT_TRUE(known.expired());
}

TEST(TrustPool, SharesAStoreWhileItIsInUse) {
  const TestAuthority authority;
  const std::shared_ptr<TrustPool> pool = TrustPool::Of(authority.Certificate());
  std::shared_ptr<X509_STORE> store = pool->With({});
  EXPECT_EQ(pool->With({}), store);
  EXPECT_EQ(pool->stores(), 1U);
  store.reset();
  EXPECT_EQ(pool->stores(), 0U);
}

}  // namespace
}  // namespace tagdrift::registry
