// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>
#include <regctl/base/unpack_tee.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace regctl {

namespace {

/// The packed bytes that the unpacker pulled, kept for the reader.
struct Passing {
  std::unique_ptr<Source> packed;
  std::vector<std::byte> seen; ///< pulled by the unpacker; not yet read from seen_begin on
  std::size_t seen_begin = 0;
  std::span<std::byte> reader_room; ///< the buffer of the waiting reader if nothing is kept: the
                                    ///< next bytes go straight there
  std::size_t reader_bytes = 0;     ///< how many bytes went there
  std::exception_ptr failure;       ///< of `packed`
  std::string what;

  [[nodiscard]] bool is_empty() const noexcept { return seen_begin == seen.size(); }
};

class UnpackerInput final : public Source {
public:
  explicit UnpackerInput(Passing& passing) : passing_(passing) {}

  std::size_t read(std::span<std::byte> out) override {
    if (passing_.seen.size() - passing_.seen_begin > k_tee_limit_bytes) {
      throw Error(ErrorKind::protocol, passing_.what + ": the compressed data give nothing for " +
                                           std::to_string(k_tee_limit_bytes) + " bytes");
    }
    if (!passing_.reader_room.empty()) {
      const auto room = std::exchange(passing_.reader_room, {});
      const auto n = pull(room.first(std::min(room.size(), out.size())));
      copy_some(room.first(n), out);
      passing_.reader_bytes = n;
      return n;
    }
    const auto n = pull(out);
    if (passing_.is_empty()) {
      passing_.seen.clear();
      passing_.seen_begin = 0;
    }
    passing_.seen.insert(passing_.seen.end(), out.begin(),
                         out.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }

private:
  std::size_t pull(std::span<std::byte> out) {
    try {
      return passing_.packed->read(out);
    } catch (...) {
      passing_.failure = std::current_exception();
      throw;
    }
  }

  Passing& passing_; // a member of the tee that owns this
};

/// The reader drives the unpacker: the unpacker pulls packed bytes, and the reader gets a copy of
/// them.
class UnpackTee final : public Source {
public:
  UnpackTee(std::unique_ptr<Source> packed, std::shared_ptr<UnpackedObserver> observer,
            std::string what)
      : observer_(std::move(observer)) {
    passing_.packed = std::move(packed);
    passing_.what = what;
    unpacked_ =
        make_decompressed_source(std::make_unique<UnpackerInput>(passing_), std::move(what));
  }

  std::size_t read(std::span<std::byte> out) override {
    passing_.reader_room = passing_.is_empty() ? out : std::span<std::byte>();
    passing_.reader_bytes = 0;
    while (passing_.reader_bytes == 0 && passing_.is_empty() && observing_) {
      observe();
    }
    passing_.reader_room = {};
    if (passing_.reader_bytes > 0) {
      return passing_.reader_bytes;
    }
    if (passing_.is_empty()) {
      return passing_.packed->read(out);
    }
    const auto n = copy_some(std::span(passing_.seen).subspan(passing_.seen_begin), out);
    passing_.seen_begin += n;
    return n;
  }

private:
  void observe() {
    try {
      observing_ = observer_->step(*unpacked_);
    } catch (const Error& error) {
      observing_ = false;
      if (passing_.failure) {
        std::rethrow_exception(passing_.failure);
      }
      observer_->give_up(error);
    }
  }

  Passing passing_;
  std::shared_ptr<UnpackedObserver> observer_; // shared with the caller, which reads its result
  std::unique_ptr<Source> unpacked_;
  bool observing_ = true;
};

} // namespace

std::unique_ptr<Source> make_unpack_tee(std::unique_ptr<Source> packed,
                                        std::shared_ptr<UnpackedObserver> observer,
                                        std::string what) {
  return std::make_unique<UnpackTee>(std::move(packed), std::move(observer), std::move(what));
}

} // namespace regctl
