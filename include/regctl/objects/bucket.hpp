// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/http/aws_signer.hpp>
#include <regctl/http/transport.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::objects {

/// How a bucket is named in requests.
enum class Addressing {
  path,         ///< https://ENDPOINT/BUCKET/KEY
  virtual_host, ///< https://BUCKET.ENDPOINT/KEY
};

struct BucketOptions {
  http::Url endpoint; ///< scheme, host and port of the server; its target is not used
  std::string name;
  Addressing addressing = Addressing::path;
  std::string region = "us-east-1";
  /// The key to sign with. Called for each attempt of a request, from any thread: temporary keys
  /// are renewed meanwhile.
  std::function<http::AwsKey()> key;
  bool encrypt = false; ///< asks the server to encrypt what is written (SSE-S3, AES256)
  /// The time that requests are signed with.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

/// One object, as a listing or a HEAD request describes it.
struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::string etag;                              ///< without quotes; empty if the server gave none
  std::chrono::system_clock::time_point changed; ///< by the server's clock
};

/// A bucket of a server that speaks S3's protocol: Amazon's, Ceph's, MinIO's, Swift's s3api.
/// Thread-safe. Source: Amazon S3 API Reference; Ceph 16.2 and Swift 2.30 as they behave.
///
/// Every attempt of a request is signed anew. An answer that names another region than the one
/// configured is obeyed once, for all later requests; at Amazon that region has another endpoint.
/// Errors: Error{not_found} for a bucket that is not there, Error{denied} for a key that may not do
/// this and for a clock that is wrong, Error{unsupported} for an object in an archive (Glacier),
/// Error{unavailable} and Error{protocol} as for any request. A request that met another one (409),
/// or whose bytes did not arrive as they were sent (400), is repeated like one that got a 503.
class Bucket {
public:
  static constexpr std::uint64_t k_most_parts = 10'000; ///< of one upload; Amazon's limit

  /// `transport` must outlive it.
  Bucket(http::Transport& transport, BucketOptions options);

  /// Whether "host:port", or "host" for the scheme's usual port, is where requests go, unless a
  /// redirect leads elsewhere.
  [[nodiscard]] bool is_at(std::string_view host_port) const;

  /// "s3://BUCKET/KEY", for messages.
  [[nodiscard]] std::string describe(std::string_view key = {}) const;

  // --- reading ---

  /// The object, or nothing if there is none. One request.
  std::optional<ObjectInfo> find(const std::string& key);

  /// Whether any key begins with `prefix`. One request.
  bool has_any(const std::string& prefix);

  /// The time by the server's clock, as its last answer tells it; before the first one that of this
  /// machine.
  [[nodiscard]] std::chrono::system_clock::time_point server_time() const;

  /// The bytes of an object from `offset` to its end, `size_bytes` of them; resumed after cuts.
  /// The object must be there, and of `etag` where that is not empty: Error{integrity} once it
  /// was replaced.
  std::unique_ptr<Source> open(const std::string& key, std::uint64_t offset,
                               std::uint64_t size_bytes, const std::string& etag);

  /// A URL by which anybody can read an object, without a key, for so long (7 days at most). No
  /// request.
  [[nodiscard]] std::string presign(const std::string& key, std::chrono::seconds valid_for) const;

  /// The whole of a small object, or nothing. Throws Error{protocol} past `limit_bytes`.
  std::optional<std::string> read(const std::string& key, std::uint64_t limit_bytes);

  struct Content {
    std::string etag; ///< without quotes
    /// Nothing if it is larger than the limit, or its size is not told beforehand.
    std::optional<std::string> text;
  };
  /// The same with its ETag. One request.
  std::optional<Content> read_with_etag(const std::string& key, std::uint64_t limit_bytes);

  struct OnListed {
    std::function<void(const ObjectInfo&)> object;
    std::function<void(const std::string& prefix)> prefix = {}; ///< with its '/' at the end
    std::function<bool()> goes_on = {}; ///< asked after each page; empty: always
  };
  /// Lists all keys that begin with `prefix`, in their order, 1000 in a request; with an
  /// on_listed.prefix only up to the next '/', and what lies below that as one prefix. Throws
  /// Error{protocol} for pages that repeat, and for keys that do not begin with `prefix`.
  void list(const std::string& prefix, const OnListed& on_listed);
  /// The same of the keys that come after `after` and before `end`, in the order of their bytes; an
  /// empty one is no limit. For listings in parallel. Returns the last key that was listed if there
  /// may be more, because on_listed.goes_on returned false; else "".
  std::string list_range(const std::string& prefix, const std::string& after,
                         const std::string& end, const OnListed& on_listed);

  // --- writing ---

  enum class Condition {
    none,
    absent, ///< If-None-Match: *; servers that cannot tell either ignore it or throw unsupported
  };
  /// Writes a small object, whole or not at all; returns its ETag, or nothing if the condition was
  /// not met. After an answer that was lost, an object with these bytes is taken for ours: where it
  /// matters whose it is, no other writer may write the same.
  std::optional<std::string> put(const std::string& key, std::string_view text,
                                 Condition condition = Condition::none);

  /// Writes an object on condition that there is none; returns false if there is one. Where the
  /// server cannot tell, it is asked beforehand, and another writer may come in between. Whether it
  /// can is found out by the first object; that it cannot is noted.
  bool put_if_absent(const std::string& key, std::string_view text);

  /// Replaces an object on condition that its ETag is still `etag`; likewise.
  bool put_if_unchanged(const std::string& key, std::string_view text, const std::string& etag);

  /// Whether the bucket keeps what is removed as old versions, as far as the server tells. One
  /// request.
  bool is_versioned();

  /// Removes an object; one that is not there is no error.
  void remove(const std::string& key);

  /// Removes many objects, 1000 with a request where the server has such requests. Throws the first
  /// error; then some may be left.
  void remove_all(const std::vector<std::string>& keys);

  /// Whether copy() can have an object of `other` copied: that is a bucket of the same server,
  /// asked with the same key.
  [[nodiscard]] bool is_beside(const Bucket& other) const;

  /// Makes `to` an object with the bytes of `from`, an object of `source`, whole or not at all; its
  /// bytes do not come to this machine. What is longer than `part_bytes` is copied in parts of that
  /// size: 5 MiB to 5 GiB, as Amazon allows; `on_part` is called before each. Throws
  /// Error{integrity} if `from` has another ETag than it is given here with (an empty one is not
  /// compared).
  void copy(Bucket& source, const ObjectInfo& from, const std::string& to,
            const std::function<void()>& on_part = {},
            std::uint64_t part_bytes = k_copied_part_bytes);
  /// Little enough for an answer to come before the request counts as stalled.
  static constexpr std::uint64_t k_copied_part_bytes = 512ULL * 1024 * 1024;

  // --- uploads in parts: invisible until they are complete ---

  struct Part {
    int number = 0; ///< from 1
    std::string etag;
  };
  /// Begins an upload; returns its ID.
  std::string start_upload(const std::string& key);
  /// Sends one part: 5 MiB or more, but for the last one. The bytes are not copied.
  Part put_part(const std::string& key, const std::string& upload, int number,
                std::string_view bytes);
  /// Puts the parts together; the object is there, whole, from then on. After an answer that was
  /// lost, or is in doubt, the object is looked for, and counts if it has `size_bytes` and the ETag
  /// of these parts.
  void complete_upload(const std::string& key, const std::string& upload,
                       const std::vector<Part>& parts, std::uint64_t size_bytes);
  /// Ends an upload; its parts are gone. One that is not there is no error.
  void abort_upload(const std::string& key, const std::string& upload);
  /// The same after a failure. If the run was interrupted, one attempt is made all the same, which
  /// takes a few seconds at most. Where that fails, too, the upload is left to gc.
  void give_up_upload(const std::string& key, const std::string& upload) noexcept;
  /// Removes in the same way an object that no reader is to see.
  void give_up_object(const std::string& key) noexcept;

  struct OpenUpload {
    std::string key;
    std::string id;
    std::chrono::system_clock::time_point started;
  };
  /// Calls `on_upload` for each upload of keys with `prefix` that is neither complete nor aborted.
  void list_uploads(const std::string& prefix,
                    const std::function<void(const OpenUpload&)>& on_upload);

  struct SentParts {
    std::uint64_t size_bytes = 0;
    std::optional<std::chrono::system_clock::time_point> last; ///< when the last one came
  };
  /// The parts of an upload; none of one that has ended meanwhile.
  SentParts find_parts(const OpenUpload& upload);

private:
  enum class Conditions { unknown, kept, ignored };

  struct Wanted {
    http::Method method = http::Method::get;
    const std::string& key;
    http::AwsQuery query = {};
    http::Headers headers = {};
    std::optional<std::string_view> body = {};
    unsigned* attempts = nullptr; ///< counts those that may have written, where it is wanted
  };
  [[nodiscard]] http::Request make_request(const Wanted& wanted, const std::string& region);
  http::Response send(const Wanted& wanted);
  void give_up(const Wanted& removal) noexcept;
  http::Response send_once(const Wanted& wanted, const std::string& region);
  void learn_region(const std::string& region);
  [[nodiscard]] http::Url url_of(const std::string& key, const http::AwsQuery& query,
                                 const std::string& region) const;
  [[nodiscard]] std::string region() const;
  void learn_time(const http::Response& response);
  struct PageRequest {
    std::string prefix;
    std::string after;
    std::string token;
    bool wants_folders = false;
    std::size_t most_keys = 0;
  };
  struct Page {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> prefixes;
    std::string next; ///< the token for the next page; empty: it is the last one
  };
  static http::AwsQuery query_of(const PageRequest& request);
  Page read_page(const PageRequest& request);
  Page read_page_as(const PageRequest& request, bool is_encoded);
  std::optional<Page> try_encoded_page(const PageRequest& request);
  [[nodiscard]] std::string decoded(const std::string& key, std::string_view about) const;
  /// The answer, if it is a success or has a status in `also`; else throws its error, which names
  /// the key `about`.
  http::Response ask(const Wanted& wanted, std::string_view about,
                     std::initializer_list<int> also = {});
  /// As ask(), with the whole body of a success in memory. Asks again if it was cut.
  http::Response ask_whole(const Wanted& wanted, std::string_view about, std::uint64_t limit_bytes,
                           std::initializer_list<int> also = {});
  /// Asks for an XML document whose root element is `root`, and calls `on_element` with each of its
  /// elements, by the path below the root. Asks again if the answer was cut, or says behind a
  /// status of success that the server failed.
  void
  ask_xml(const Wanted& wanted, std::string_view about, std::string_view root,
          const std::function<void(std::string_view path, const std::string& text)>& on_element);
  /// Calls `attempt` until it returns no error; pauses after Error{unavailable}, throws others.
  void repeat(const std::function<std::optional<Error>()>& attempt);
  void check_unchanged(const ObjectInfo& object);
  bool copy_whole(Bucket& source, const ObjectInfo& from, const std::string& to);
  void copy_in_parts(Bucket& source, const ObjectInfo& from, const std::string& to,
                     const std::function<void()>& on_part, std::uint64_t part_bytes);
  std::string copy_range(Bucket& source, const ObjectInfo& from, const Wanted& wanted);
  std::string copy_part(Wanted wanted, const http::Headers& of_source, std::string_view root);
  [[nodiscard]] http::Headers named_for_copy(const ObjectInfo& from) const;
  [[nodiscard]] bool is_etag_hidden(const ObjectInfo& object) const noexcept;
  void learn_hidden_etags(const ObjectInfo& from, const Error& refusal);
  std::optional<std::string> etag_if_ours(const std::string& key, std::string_view text);
  std::optional<bool> put_on_condition(const std::string& key, std::string_view text);
  void learn_conditions(Conditions conditions);
  bool refuses_another(const std::string& key, std::string_view text);
  http::Response send_small(const std::optional<http::Header>& condition, const std::string& key,
                            std::string_view text, unsigned& attempts);
  [[nodiscard]] http::Headers headers_of_new_object() const;
  std::optional<std::string> put_if(const std::optional<http::Header>& condition,
                                    const std::string& key, std::string_view text);
  [[nodiscard]] http::Headers proof_of(std::string_view bytes) const;
  void remove_together(std::span<const std::string> keys);

  http::Transport& transport_;
  BucketOptions options_;
  /// Of objects in parts the server compares conditions of copies with other ETags than it tells.
  std::atomic<bool> has_hidden_etags_ = false;
  std::atomic<Conditions> conditions_ = Conditions::unknown;
  std::atomic<bool> wants_quotes_ = true;    ///< around the ETags of conditions
  std::atomic<bool> wants_encoding_ = false; ///< of the keys in listings
  mutable std::mutex mutex_;                 ///< guards the members below
  std::string region_;
  std::chrono::seconds clock_ahead_{0}; ///< the server's clock, compared with this machine's
};

} // namespace regctl::objects
