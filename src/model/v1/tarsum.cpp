// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace regctl {

namespace {

constexpr std::size_t k_hex_digits = 64;
using HexSum = std::array<char, k_hex_digits>;

void hash_header(Sha256& hasher, const TarEntry& entry) {
  struct Field {
    const char* name;
    std::string value;
  };
  const Field fields[] = {{"name", entry.name},
                          {"mode", std::to_string(entry.mode)},
                          {"uid", std::to_string(entry.uid)},
                          {"gid", std::to_string(entry.gid)},
                          {"size", std::to_string(entry.size_bytes)},
                          {"mtime", std::to_string(entry.mtime_s)},
                          {"typeflag", std::string(1, entry.type)},
                          {"linkname", entry.link_name},
                          {"uname", entry.user_name},
                          {"gname", entry.group_name},
                          {"devmajor", std::to_string(entry.device_major)},
                          {"devminor", std::to_string(entry.device_minor)}};
  for (const auto& field : fields) {
    hasher.update(std::string_view(field.name));
    hasher.update(field.value);
  }
}

} // namespace

class Tarsum::Impl {
public:
  explicit Impl(std::string_view json) : json_(json), buffer_(k_buffer_bytes) {}

  bool step(Source& unpacked) {
    if (!reader_) {
      reader_.emplace(std::make_unique<BorrowedSource>(unpacked), "the layer");
    }
    if (!in_entry_) {
      return begin_entry();
    }
    if (const auto n = reader_->data().read(buffer_); n > 0) {
      hasher_.update(std::span(buffer_).first(n));
    } else {
      end_entry();
    }
    return !failed_;
  }

  void fail() noexcept { failed_ = true; }

  std::optional<std::string> result() {
    if (failed_ || !complete_) {
      return std::nullopt;
    }
    std::sort(sums_.begin(), sums_.end());
    Sha256 hasher;
    hasher.update(json_);
    for (const auto& sum : sums_) {
      hasher.update(std::string_view(sum.data(), sum.size()));
    }
    return std::string(k_tarsum_prefix) + hasher.finish_hex();
  }

private:
  bool begin_entry() {
    const auto entry = reader_->next();
    if (!entry) {
      complete_ = true;
      return false;
    }
    hasher_ = Sha256();
    hash_header(hasher_, *entry);
    in_entry_ = true;
    return true;
  }

  void end_entry() {
    const auto hex = hasher_.finish_hex();
    HexSum sum{};
    std::copy_n(hex.begin(), sum.size(), sum.begin());
    sums_.push_back(sum);
    in_entry_ = false;
    failed_ = sums_.size() > k_tarsum_entry_limit;
  }

  std::string json_;
  std::vector<std::byte> buffer_;
  std::optional<TarReader> reader_;
  Sha256 hasher_;
  std::vector<HexSum> sums_;
  bool in_entry_ = false;
  bool complete_ = false;
  bool failed_ = false;
};

Tarsum::Tarsum(std::string_view json) : impl_(std::make_unique<Impl>(json)) {}
Tarsum::~Tarsum() = default;

bool Tarsum::step(Source& unpacked) {
  return impl_->step(unpacked);
}
void Tarsum::give_up(const Error&) noexcept {
  impl_->fail();
}
std::optional<std::string> Tarsum::result() {
  return impl_->result();
}

std::string tarsum(std::string_view json, std::unique_ptr<Source> layer) {
  const auto unpacked = make_decompressed_source(std::move(layer), "the layer");
  Tarsum sum(json);
  while (sum.step(*unpacked)) {
  }
  if (auto result = sum.result()) {
    return *result;
  }
  throw Error(ErrorKind::unsupported, "the layer has too many entries for a tarsum");
}

} // namespace regctl
