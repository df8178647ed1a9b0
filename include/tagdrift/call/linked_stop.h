#pragma once

#include <stop_token>
#include <utility>

namespace tagdrift {

/// A stop that is requested when either of two others is.
class LinkedStop {
 public:
  LinkedStop(std::stop_token one, std::stop_token other)
      : on_one_(std::move(one), Request{&source_}), on_other_(std::move(other), Request{&source_}) {}
  LinkedStop(const LinkedStop&) = delete;
  LinkedStop& operator=(const LinkedStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };

  std::stop_source source_;
  std::stop_callback<Request> on_one_;
  std::stop_callback<Request> on_other_;
};

}  // namespace tagdrift
