#pragma once

#include <cstdint>
#include <mutex>

namespace tagdrift::agent {

/// Space on the node's image file system that actions under way are going to need. Thread safe.
class DiskReservations {
 public:
  /// The reservation of one action, given back at its end. Must not outlive what it was made by.
  class Reservation {
   public:
    explicit Reservation(DiskReservations& all) : all_(all) {}
    ~Reservation() {
      const std::lock_guard lock(all_.mutex_);
      all_.bytes_ -= bytes_;
    }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// `decide` is told what others have reserved and answers what to reserve; one at a time decides, so that two
    /// actions cannot both take the last space.
    template <typename Decide>
    void Make(Decide decide) {
      const std::lock_guard lock(all_.mutex_);
      const std::int64_t others = all_.bytes_ - bytes_;
      bytes_ = decide(others);
      all_.bytes_ = others + bytes_;
    }

   private:
    DiskReservations& all_;
    std::int64_t bytes_ = 0;
  };

 private:
  std::mutex mutex_;
  std::int64_t bytes_ = 0;
};

}  // namespace tagdrift::agent
