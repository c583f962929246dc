//! The table of codes: each with its status, whether a retry can succeed, and its Vietnamese and English texts.

codes! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", 400, Never,
        vi "JSON không hợp lệ", "Nội dung gửi lên không phải là JSON hợp lệ.",
        en "Malformed JSON", "The body is not valid JSON.";
    /// The body is JSON but does not match the schema at the pointer.
    InvalidBody = "invalid_body", 400, Never,
        vi "Nội dung không đúng cấu trúc", "Nội dung gửi lên không đúng cấu trúc quy định: {problem}.",
        en "Invalid body", "The body does not match the schema: {problem}.";
    /// A query parameter that this operation does not have.
    UnknownParameter = "unknown_parameter", 400, Never,
        vi "Tham số không tồn tại", "Không có tham số {name} cho thao tác này.",
        en "Unknown parameter", "This operation has no parameter {name}.";
    /// A path or query parameter whose value cannot be parsed or is not allowed.
    InvalidParameter = "invalid_parameter", 400, Never,
        vi "Tham số không hợp lệ", "Giá trị của tham số {name} không hợp lệ.",
        en "Invalid parameter", "The value of the parameter {name} is not valid.";
    /// A cursor that the service did not issue, or issued for another list.
    InvalidCursor = "invalid_cursor", 400, Never,
        vi "Con trỏ trang không hợp lệ", "Con trỏ trang không thuộc danh sách này; đề nghị đọc lại từ trang đầu.",
        en "Invalid cursor", "The cursor does not belong to this list; start again from the first page.";
    /// A request header whose value cannot be parsed.
    InvalidHeader = "invalid_header", 400, Never,
        vi "Tiêu đề yêu cầu không hợp lệ", "Giá trị của tiêu đề {name} không hợp lệ.",
        en "Invalid header", "The value of the header {name} is not valid.";

    /// The request carries no access token.
    TokenMissing = "token_missing", 401, NewToken,
        vi "Thiếu mã truy cập", "Yêu cầu chưa kèm mã truy cập; đề nghị đăng nhập.",
        en "Token missing", "The request carries no access token; log in first.";
    /// The access token does not pass the checks: signature, issuer, audience, revocation.
    TokenInvalid = "token_invalid", 401, NewToken,
        vi "Mã truy cập không hợp lệ", "Mã truy cập không hợp lệ hoặc đã bị thu hồi; đề nghị đăng nhập lại.",
        en "Token invalid", "The access token is not valid or has been revoked; log in again.";
    /// The access token has expired.
    TokenExpired = "token_expired", 401, NewToken,
        vi "Mã truy cập hết hạn", "Mã truy cập đã hết hạn; đề nghị lấy mã mới.",
        en "Token expired", "The access token has expired; obtain a new one.";
    /// The client id or the client secret of a service account is wrong.
    InvalidClient = "invalid_client", 401, Never,
        vi "Xác thực ứng dụng không thành công", "Mã định danh hoặc khóa bí mật của ứng dụng không đúng.",
        en "Invalid client", "The client id or the client secret is wrong.";

    /// The organisation, the user name or the password is wrong. Which of them is never told.
    InvalidLogin = "invalid_login", 401, Never,
        vi "Đăng nhập không thành công", "Mã cơ quan, tên đăng nhập hoặc mật khẩu không đúng.",
        en "Sign-in failed", "The organisation, the user name or the password is wrong.";
    /// The refresh token is unknown or used up, or its session is over.
    RefreshTokenInvalid = "refresh_token_invalid", 401, NewToken,
        vi "Phiên đăng nhập đã kết thúc", "Mã làm mới không hợp lệ hoặc phiên đăng nhập đã kết thúc; đề nghị đăng nhập lại.",
        en "Refresh token invalid", "The refresh token is not valid or its session is over; sign in again.";

    /// The caller has no role that allows the action.
    RoleRequired = "role_required", 403, Never,
        vi "Không đủ thẩm quyền", "Vai trò được giao không cho phép thực hiện thao tác này.",
        en "Role required", "None of the caller's roles allows this action.";
    /// The caller's role allows the action, but the scope of the token does not.
    ScopeRequired = "scope_required", 403, NewToken,
        vi "Phạm vi của mã truy cập không đủ", "Thao tác này cần mã truy cập có phạm vi: {needs}.",
        en "Scope required", "This action needs a token with the scope: {needs}.";
    /// The caller's role allows the action only for the caller's own unit.
    NotOwnUnit = "not_own_unit", 403, Never,
        vi "Không thuộc đơn vị của mình", "Vai trò được giao chỉ cho phép thực hiện đối với đơn vị của mình.",
        en "Not the own unit", "This role may act for its own unit only.";
    /// The caller has a conflict of interest with the unit concerned.
    Recused = "recused", 403, Never,
        vi "Không được tham gia do xung đột lợi ích", "Không được tham gia xem xét đơn vị này do xung đột lợi ích: {ground}.",
        en "Recused", "The caller may not take part in reviewing this unit because of a conflict of interest: {ground}.";
    /// A page of another origin tries to call the sandbox.
    ForeignOrigin = "foreign_origin", 403, Never,
        vi "Trang web không được phép gọi", "Môi trường thử nghiệm chỉ nhận yêu cầu từ trang của chính nó.",
        en "Foreign origin", "The sandbox accepts requests from its own pages only.";
    /// The person who made a proposal may not approve or reject it.
    SamePerson = "same_person", 403, Never,
        vi "Người đề nghị không được tự quyết định", "Người đã đề nghị không được tự phê duyệt hoặc từ chối đề nghị đó; phải do người khác quyết định.",
        en "Same person", "The person who made the proposal may not approve or reject it; somebody else has to decide.";

    /// The act is about the caller's own account or session, and the caller has none: it is a machine or an identity provider's user.
    SessionRequired = "session_required", 403, NewToken,
        vi "Cần phiên đăng nhập", "Thao tác này chỉ dành cho người đã đăng nhập bằng tài khoản của hệ thống.",
        en "Session required", "This is only for people who have signed in with an account of the service.";

    /// The token names no invitation that can be accepted: unknown, accepted, revoked or replaced.
    InvitationInvalid = "invitation_invalid", 404, Never,
        vi "Lời mời không hợp lệ", "Lời mời không tồn tại, đã được sử dụng hoặc đã bị thu hồi; đề nghị liên hệ người quản trị để được mời lại.",
        en "Invitation invalid", "The invitation does not exist, has been used or has been revoked; ask the administrator for another.";
    /// The record does not exist, or the caller may not know of it.
    NotFound = "not_found", 404, Never,
        vi "Không tìm thấy", "Không tìm thấy nội dung yêu cầu hoặc nội dung không thuộc phạm vi được xem.",
        en "Not found", "The record does not exist or is not visible to the caller.";
    /// The service has no form for this document.
    DraftNotAvailable = "draft_not_available", 404, Never,
        vi "Không có mẫu dự thảo", "Không có mẫu dự thảo cho tài liệu {title}; đề nghị soạn và đính kèm trực tiếp.",
        en "Draft not available", "There is no form for a draft of the document {title}; write it yourself and attach it.";

    /// The path exists, but not with this method; `Allow` lists those it has.
    MethodNotAllowed = "method_not_allowed", 405, Never,
        vi "Phương thức không được hỗ trợ", "Địa chỉ này không hỗ trợ phương thức đã dùng; xem tiêu đề Allow.",
        en "Method not allowed", "This address does not support the method; see the Allow header.";

    /// The response is not available in any of the media types in `Accept`.
    NotAcceptable = "not_acceptable", 406, Never,
        vi "Không có định dạng được yêu cầu", "Không thể trả kết quả theo định dạng nêu trong tiêu đề Accept.",
        en "Not acceptable", "The response is not available in any format listed in the Accept header.";

    /// The request did not arrive completely in time.
    RequestTimeout = "request_timeout", 408, Later,
        vi "Quá thời gian nhận yêu cầu", "Yêu cầu chưa được gửi đầy đủ trong thời gian cho phép; đề nghị gửi lại.",
        en "Request time-out", "The request did not arrive completely within the time allowed; send it again.";

    /// The action is not available in the record's current state.
    InvalidState = "invalid_state", 409, AfterChange,
        vi "Trạng thái không phù hợp", "Trạng thái hiện tại là {state}; thao tác này chỉ thực hiện được ở trạng thái: {needs}.",
        en "Invalid state", "The current state is {state}; this action requires one of: {needs}.";
    /// The gate has closed. Only an extension opens it again.
    DeadlinePassed = "deadline_passed", 409, AfterChange,
        vi "Đã hết thời hạn", "Thời hạn đã kết thúc lúc {closed_at}; chỉ thực hiện được khi được gia hạn.",
        en "Deadline passed", "The deadline passed at {closed_at}; this action is possible only after an extension.";
    /// The record that the request would create already exists.
    AlreadyExists = "already_exists", 409, AfterChange,
        vi "Đã tồn tại", "Nội dung cần tạo đã có; đề nghị đọc và sử dụng nội dung hiện có.",
        en "Already exists", "The record that the request would create already exists; read and use it.";
    /// The record is final.
    ResourceLocked = "resource_locked", 409, Never,
        vi "Nội dung đã khóa", "Nội dung này đã được chốt và không được thay đổi.",
        en "Resource locked", "This record is final and cannot be changed.";
    /// The time zone by which gates are computed cannot change while a period is open.
    PeriodOpen = "period_open", 409, Later,
        vi "Đang có kỳ thi đua mở", "Múi giờ không thay đổi được khi còn kỳ thi đua đang mở: các thời hạn đã tính theo múi giờ hiện tại.",
        en "A period is open", "The time zone cannot change while a period is open: its deadlines are computed in the current one.";
    /// Units are tied at the boundary between two awards.
    UnresolvedTie = "unresolved_tie", 409, AfterChange,
        vi "Chưa xử lý trường hợp đồng hạng", "Có đơn vị đồng hạng tại ranh giới khen thưởng; cần Hội đồng quyết định thứ tự.",
        en "Unresolved tie", "Units are tied at the boundary of an award; the council has to decide their order.";
    /// More units are proposed for an award than its quota allows.
    QuotaExceeded = "quota_exceeded", 409, AfterChange,
        vi "Vượt số lượng khen thưởng", "Số tập thể được đề nghị vượt số lượng khen thưởng quy định của kỳ đánh giá.",
        en "Quota exceeded", "More units are proposed for the award than the period's quota allows.";
    /// More pieces of evidence than a submission may have.
    TooManyPieces = "too_many_pieces", 409, AfterChange,
        vi "Quá nhiều minh chứng", "Một bảng chấm không được có quá {max} minh chứng.",
        en "Too many pieces", "A submission may have at most {max} pieces of evidence.";
    /// The conditions for the action are not met; `errors` lists each of them.
    GuardFailed = "guard_failed", 409, AfterChange,
        vi "Chưa đủ điều kiện thực hiện", "Chưa đủ điều kiện để thực hiện thao tác này; các điều kiện còn thiếu được nêu trong danh sách lỗi.",
        en "Conditions not met", "The conditions for this action are not met; the list of errors names each of them.";
    /// The first request with this idempotency key is still running.
    IdempotencyInProgress = "idempotency_in_progress", 409, Later,
        vi "Yêu cầu đang được xử lý", "Yêu cầu trước có cùng Idempotency-Key đang được xử lý; đề nghị gửi lại sau.",
        en "Request in progress", "An earlier request with the same Idempotency-Key is still running; send it again later.";
    /// The period's criteria set is not published.
    CriteriaSetNotPublished = "criteria_set_not_published", 409, AfterChange,
        vi "Bảng tiêu chí chưa ban hành", "Bảng tiêu chí của kỳ đánh giá không ở trạng thái đã ban hành.",
        en "Criteria set not published", "The criteria set of the period is not published.";
    /// The period has no units.
    UnitsMissing = "units_missing", 409, AfterChange,
        vi "Chưa có đơn vị tham gia", "Kỳ đánh giá chưa có đơn vị nào tham gia.",
        en "Units missing", "The period has no units.";
    /// A unit without a group, in a period that has groups.
    GroupRequired = "group_required", 422, AfterChange,
        vi "Chưa xếp khối thi đua", "Kỳ đánh giá có chia khối; mỗi đơn vị phải thuộc một khối thi đua.",
        en "Group required", "The period has groups; each unit must be in one of them.";
    /// A group without a unit, in a period that opens.
    GroupEmpty = "group_empty", 409, AfterChange,
        vi "Khối thi đua chưa có đơn vị", "Khối {group_code} chưa có đơn vị nào.",
        en "Empty group", "Group {group_code} has no units.";
    /// A unit that comes back to a period, to another group than its own.
    GroupFixed = "group_fixed", 422, Never,
        vi "Đơn vị thuộc khối khác", "Đơn vị trở lại kỳ đánh giá trong khối {group_code} như trước; bỏ trống hoặc ghi đúng mã khối đó.",
        en "Group fixed", "The unit comes back to its own group {group_code}; leave the group out or name that one.";
    /// The dates of the schedule are incomplete or out of order.
    ScheduleOutOfOrder = "schedule_out_of_order", 422, AfterChange,
        vi "Lịch thực hiện không đúng trình tự", "Các mốc thời gian của kỳ đánh giá còn thiếu hoặc không theo đúng trình tự.",
        en "Schedule out of order", "The dates of the period are incomplete or out of order.";
    /// A unit has not submitted and its gate is still open.
    SheetOpen = "sheet_open", 409, Later,
        vi "Còn đơn vị chưa nộp", "Đơn vị {unit_code} chưa nộp bảng tự chấm điểm và vẫn còn thời hạn nộp.",
        en "Sheet open", "Unit {unit_code} has not submitted its self-assessment and still has time to do so.";
    /// A submission without a submitted appraisal.
    AppraisalMissing = "appraisal_missing", 409, Later,
        vi "Chưa thẩm định", "Bảng tự chấm điểm của đơn vị {unit_code} chưa thẩm định xong.",
        en "Appraisal missing", "The appraisal of unit {unit_code} has not been submitted.";
    /// A submission without a submitted council review.
    CouncilReviewMissing = "council_review_missing", 409, Later,
        vi "Hội đồng chưa đánh giá", "Hội đồng chưa hoàn thành đánh giá đơn vị {unit_code}.",
        en "Council review missing", "The council review of unit {unit_code} has not been submitted.";
    /// The period has no closed council session with a quorum.
    SessionWithoutQuorum = "session_without_quorum", 409, Later,
        vi "Chưa có phiên họp hợp lệ", "Kỳ đánh giá chưa có phiên họp Hội đồng nào đã kết thúc và đủ số thành viên tham dự theo quy định.",
        en "No session with a quorum", "The period has no closed council session with a quorum.";
    /// A council session on a day on which the council has no members, so that none of them can be a quorum.
    NoCouncilMembers = "no_council_members", 409, AfterChange,
        vi "Hội đồng chưa có thành viên", "Tại ngày họp, Hội đồng không có thành viên nào nên phiên họp không thể có đủ số thành viên theo quy định.",
        en "No council members", "The council has no members on the day of the session, which therefore cannot have a quorum.";
    /// A unit whose eligibility cannot be decided without its facts.
    FactsMissing = "facts_missing", 409, Later,
        vi "Thiếu thông tin xét điều kiện", "Chưa có thông tin xét điều kiện khen thưởng của đơn vị {unit_code}.",
        en "Facts missing", "The facts that decide whether unit {unit_code} is eligible are missing.";
    /// An award proposal that is neither approved nor declined.
    ProposalUndecided = "proposal_undecided", 409, Later,
        vi "Đề nghị chưa có kết quả", "Đề nghị khen thưởng đối với đơn vị {unit_code} chưa có kết quả.",
        en "Proposal undecided", "The award proposal of unit {unit_code} is neither approved nor declined.";
    /// A proposal that an amended result grants no longer, and that the deciding authority has approved.
    ProposalDecided = "proposal_decided", 409, AfterChange,
        vi "Đề nghị đã có quyết định", "Đề nghị khen thưởng đối với đơn vị {unit_code} đã được phê duyệt; cần đính chính quyết định trước.",
        en "Proposal decided", "The award proposal of unit {unit_code} is approved; its decision has to be corrected first.";
    /// A proposal that follows from a result that was amended since.
    ProposalStale = "proposal_stale", 409, AfterChange,
        vi "Kết quả đã được điều chỉnh", "Kết quả làm căn cứ của đề nghị này đã được điều chỉnh; cần thông báo lại kết quả trước.",
        en "Proposal stale", "The result that this proposal follows from was amended; it has to be announced again first.";
    /// A required document is not attached to the dossier.
    DocumentMissing = "document_missing", 409, AfterChange,
        vi "Hồ sơ thiếu tài liệu", "Hồ sơ đề nghị khen thưởng còn thiếu tài liệu: {title}.",
        en "Document missing", "The dossier lacks the document: {title}.";
    /// The organisation has no code in the national register of agencies.
    AgencyCodeMissing = "agency_code_missing", 409, AfterChange,
        vi "Chưa có mã định danh cơ quan", "Cơ quan chưa khai báo mã định danh điện tử.",
        en "Agency code missing", "The organisation has no agency code.";
    /// The action is not possible yet.
    TooEarly = "too_early", 409, Later,
        vi "Chưa đến thời điểm thực hiện", "Thao tác này chỉ được thực hiện từ {not_before}.",
        en "Too early", "This action is not possible before {not_before}.";

    /// The invitation's time is over; it can be sent again.
    InvitationExpired = "invitation_expired", 410, Never,
        vi "Lời mời đã hết hạn", "Lời mời đã hết hạn; đề nghị liên hệ người quản trị để được gửi lại.",
        en "Invitation expired", "The invitation has expired; ask the administrator to send it again.";

    /// `If-Match` names a version that is no longer current.
    VersionMismatch = "version_mismatch", 412, AfterChange,
        vi "Nội dung đã thay đổi", "Nội dung đã thay đổi kể từ lần đọc trước; đề nghị đọc lại rồi thực hiện.",
        en "Version mismatch", "The record has changed since it was read; read it again before changing it.";

    /// The change requires `If-Match`, which the request lacks.
    PreconditionRequired = "precondition_required", 428, AfterChange,
        vi "Thiếu tiêu đề If-Match", "Thao tác này cần tiêu đề If-Match mang ETag của nội dung đã đọc.",
        en "Precondition required", "This change requires the If-Match header with the ETag of the record as it was read.";

    /// The body is longer than the service accepts.
    BodyTooLarge = "body_too_large", 413, Never,
        vi "Nội dung quá lớn", "Nội dung gửi lên vượt mức tối đa {max_bytes} byte.",
        en "Body too large", "The body is longer than {max_bytes} bytes.";
    /// An uploaded file is longer than the service accepts.
    FileTooLarge = "file_too_large", 413, Never,
        vi "Tệp quá lớn", "Tệp tải lên vượt mức tối đa {max_bytes} byte.",
        en "File too large", "The file is longer than {max_bytes} bytes.";

    /// The operation does not accept this `Content-Type`.
    UnsupportedMediaType = "unsupported_media_type", 415, Never,
        vi "Định dạng không được hỗ trợ", "Thao tác này không nhận định dạng nêu trong tiêu đề Content-Type.",
        en "Unsupported media type", "This operation does not accept the format named in the Content-Type header.";

    /// The content breaks rules; `errors` lists each of them.
    ValidationFailed = "validation_failed", 422, Never,
        vi "Nội dung không hợp lệ", "Nội dung chưa đáp ứng quy định; từng điểm cần sửa được nêu trong danh sách lỗi.",
        en "Validation failed", "The content is not valid; the list of errors names each point to correct.";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, Never,
        vi "Idempotency-Key đã được sử dụng", "Idempotency-Key này đã được dùng cho một yêu cầu có nội dung khác.",
        en "Idempotency key reused", "This Idempotency-Key was used for a request with different content.";
    /// The caller belongs to several organisations and the request names none.
    OrganizationRequired = "organization_required", 422, Never,
        vi "Chưa nêu cơ quan", "Tài khoản thuộc nhiều cơ quan; đề nghị nêu rõ cơ quan.",
        en "Organisation required", "The caller belongs to several organisations; name one of them.";
    /// A required value is absent.
    Required = "required", 422, Never,
        vi "Thiếu thông tin bắt buộc", "Thông tin này là bắt buộc.",
        en "Required", "This value is required.";
    /// A text that is longer than its maximum, counted in characters.
    TextTooLong = "text_too_long", 422, Never,
        vi "Văn bản quá dài", "Văn bản được dài tối đa {max} ký tự.",
        en "Text too long", "The text may have at most {max} characters.";
    /// A text with NUL or control characters other than newline and tab.
    TextInvalid = "text_invalid", 422, Never,
        vi "Văn bản có ký tự không hợp lệ", "Văn bản không được chứa ký tự điều khiển, trừ ký tự xuống dòng và tab.",
        en "Text invalid", "The text may not contain control characters other than newline and tab.";
    /// A text that contains only white space.
    TextEmpty = "text_empty", 422, Never,
        vi "Văn bản để trống", "Văn bản không được để trống.",
        en "Text empty", "The text may not be empty.";
    /// A code that contains characters other than those allowed.
    InvalidCode = "invalid_code", 422, Never,
        vi "Mã không hợp lệ", "Mã chỉ được gồm chữ cái, chữ số, dấu chấm, dấu gạch dưới và dấu gạch ngang.",
        en "Invalid code", "A code may contain only letters, digits, full stops, underscores and hyphens.";
    /// Points with more than two decimals.
    PointsPrecision = "points_precision", 422, Never,
        vi "Điểm có quá nhiều chữ số thập phân", "Điểm được ghi tối đa hai chữ số thập phân.",
        en "Points too precise", "Points may have at most two decimals.";
    /// Points outside the range that a criterion, part or rule may have.
    PointsOutOfRange = "points_out_of_range", 422, Never,
        vi "Số điểm ngoài phạm vi", "Số điểm nằm ngoài phạm vi cho phép.",
        en "Points out of range", "The points are outside the allowed range.";
    /// A number below its minimum or above its maximum.
    NumberOutOfRange = "number_out_of_range", 422, Never,
        vi "Số ngoài phạm vi", "Giá trị phải từ {min} đến {max}.",
        en "Number out of range", "The number must be from {min} to {max}.";
    /// A number with more decimals than are stored.
    NumberPrecision = "number_precision", 422, Never,
        vi "Số có quá nhiều chữ số thập phân", "Số chỉ được có tối đa {decimals} chữ số thập phân.",
        en "Number precision", "The number may have at most {decimals} decimals.";
    /// A date outside the allowed range.
    DateOutOfRange = "date_out_of_range", 422, Never,
        vi "Ngày ngoài phạm vi", "Ngày nằm ngoài khoảng thời gian cho phép.",
        en "Date out of range", "The date is outside the allowed range.";
    /// A date that cannot be true: before what it follows, in the future where it records the past, or years off.
    ImplausibleDate = "implausible_date", 422, Never,
        vi "Ngày không hợp lý", "Ngày phải nằm trong khoảng từ {earliest} đến {latest}.",
        en "Implausible date", "The date must be from {earliest} to {latest}.";
    /// A date before today where only today or later is allowed.
    DateInPast = "date_in_past", 422, Never,
        vi "Ngày đã qua", "Ngày không được trước ngày hiện tại.",
        en "Date in the past", "The date may not be before today.";
    /// An extension that would not move the deadline to a later day.
    DeadlineShortened = "deadline_shortened", 422, AfterChange,
        vi "Không được rút ngắn thời hạn", "Gia hạn phải đến sau ngày {due_on}.",
        en "Deadline shortened", "An extension must end after {due_on}.";
    /// Only a day off can be swapped for a working day.
    NotADayOff = "not_a_day_off", 422, Never,
        vi "Không phải ngày nghỉ", "Chỉ ngày nghỉ mới có thể được hoán đổi thành ngày làm việc.",
        en "Not a day off", "Only a day off can be swapped for a working day.";
    /// A due date for a stage that does not begin again.
    DateNotAsked = "date_not_asked", 422, Never,
        vi "Ngày không cần nêu", "Chỉ nêu ngày này khi kỳ đánh giá quay lại giai đoạn tự chấm điểm.",
        en "Date not asked for", "This date is given only where the self-assessment begins again.";
    /// A name that is not in the time zone database.
    UnknownTimeZone = "unknown_time_zone", 422, Never,
        vi "Múi giờ không tồn tại", "Không có múi giờ này; ví dụ múi giờ hợp lệ: Asia/Ho_Chi_Minh.",
        en "Unknown time zone", "There is no such time zone; a valid example is Asia/Ho_Chi_Minh.";
    /// A reference to something that does not exist or that the caller may not see.
    UnknownReference = "unknown_reference", 422, Never,
        vi "Nội dung dẫn chiếu không tồn tại", "Nội dung được dẫn chiếu không tồn tại hoặc không thuộc phạm vi được xem.",
        en "Unknown reference", "The record referred to does not exist or is not visible to the caller.";
    /// A value that occurs more than once where each must be unique.
    Duplicate = "duplicate", 422, Never,
        vi "Giá trị trùng lặp", "Giá trị {value} bị trùng lặp.",
        en "Duplicate", "The value {value} occurs more than once.";
    /// A role that acts for a unit, assigned to a member without one.
    UnitRequired = "unit_required", 422, Never,
        vi "Chưa nêu đơn vị", "Vai trò cấp đơn vị phải gắn với một đơn vị.",
        en "Unit required", "A role that acts for a unit requires a unit.";
    /// A unit that is no longer active.
    UnitInactive = "unit_inactive", 409, AfterChange,
        vi "Đơn vị không còn hoạt động", "Đơn vị được nêu không còn hoạt động.",
        en "Unit inactive", "The unit is no longer active.";
    /// An extension on which something rests: it was used, or its time is over.
    ExtensionUsed = "extension_used", 409, Never,
        vi "Gia hạn đã được sử dụng", "Thời gian gia hạn đã được sử dụng hoặc đã hết nên không đính chính được.",
        en "Extension used", "The extension has been used or its time is over, so it can no longer be corrected.";
    /// A line that a copy of a period leaves behind because its criterion is scored by another rule there.
    RuleChanged = "rule_changed", 422, Never,
        vi "Cách chấm điểm đã thay đổi", "Tiêu chí được chấm theo cách khác trong kỳ đánh giá mới nên điểm cũ không được chuyển sang.",
        en "Rule changed", "The criterion is scored by another rule in the new period, so the line is not carried over.";
    /// What belongs to a unit that was set aside from a period is kept, and not changed.
    UnitSetAside = "unit_set_aside", 409, AfterChange,
        vi "Đơn vị không còn tham gia kỳ đánh giá", "Đơn vị đã được đưa ra khỏi kỳ đánh giá; bảng điểm được lưu giữ và không thay đổi.",
        en "Unit set aside", "The unit was set aside from the period; its submission is kept and cannot change.";
    /// An active unit of an open period, which cannot be made inactive.
    UnitInOpenPeriod = "unit_in_open_period", 409, AfterChange,
        vi "Đơn vị đang tham gia kỳ đánh giá", "Đơn vị đang tham gia kỳ đánh giá chưa kết thúc: {periods}.",
        en "Unit in an open period", "The unit takes part in periods that have not ended: {periods}.";
    /// A unit that would be its own predecessor.
    PredecessorCircle = "predecessor_circle", 422, Never,
        vi "Đơn vị tiền thân tạo thành vòng", "Đơn vị không thể là tiền thân của chính mình, kể cả qua các đơn vị khác.",
        en "Circular predecessors", "A unit cannot be its own predecessor, not even through other units.";
    /// A unit that does not take part in the period.
    UnitNotInPeriod = "unit_not_in_period", 422, Never,
        vi "Đơn vị không tham gia kỳ đánh giá", "Đơn vị được nêu không thuộc danh sách tham gia kỳ đánh giá.",
        en "Unit not in the period", "The unit does not take part in the period.";
    /// A role that may not be assigned here.
    IssuerNotAllowed = "issuer_not_allowed", 422, Never,
        vi "Nguồn định danh không được phép", "Nguồn định danh phải là local hoặc một nguồn đã được cấu hình; thành viên là máy chỉ dùng local.",
        en "Issuer not allowed", "The issuer must be local or a configured one; a machine is always local.";
    /// A service account for a member that is no machine.
    MachineMemberRequired = "machine_member_required", 422, Never,
        vi "Cần thành viên là hệ thống", "Tài khoản dịch vụ chỉ dành cho thành viên là hệ thống; người dùng đăng nhập theo lời mời.",
        en "Machine member required", "A service account is for a member that is a machine; a person signs in by an invitation.";
    /// An invitation for a member that is a machine or an identity provider's user.
    LocalPersonRequired = "local_person_required", 422, Never,
        vi "Cần người dùng nội bộ", "Chỉ mời được người có tài khoản của hệ thống, không mời hệ thống khác hoặc người dùng của nhà cung cấp định danh.",
        en "Local person required", "Only a person with an account of the service can be invited, not a machine or an identity provider's user.";
    /// A password with fewer characters than allowed.
    PasswordTooShort = "password_too_short", 422, Never,
        vi "Mật khẩu quá ngắn", "Mật khẩu phải có ít nhất {min} ký tự.",
        en "Password too short", "A password must have at least {min} characters.";
    /// A password that is easily guessed.
    PasswordTooWeak = "password_too_weak", 422, Never,
        vi "Mật khẩu quá yếu", "Mật khẩu dễ đoán: đạt mức {score} trên thang 0–4, cần ít nhất mức {min_score}. Nên dùng một câu dài, không chứa tên người hoặc tên cơ quan.",
        en "Password too weak", "The password is easily guessed: it scores {score} of 4 and needs at least {min_score}. Use a long phrase without your own or the office's name.";
    /// The present password is not the one given.
    PasswordWrong = "password_wrong", 422, Never,
        vi "Mật khẩu hiện tại không đúng", "Mật khẩu hiện tại không đúng.",
        en "Password wrong", "The present password is wrong.";
    /// A role that does not fit the member or the organisation.
    RoleNotAllowed = "role_not_allowed", 422, Never,
        vi "Vai trò không được phép giao", "Không được giao vai trò này trong trường hợp đã nêu.",
        en "Role not allowed", "This role may not be assigned here.";
    /// A criterion that the criteria set does not have, or that is not scored.
    UnknownCriterion = "unknown_criterion", 422, Never,
        vi "Tiêu chí không tồn tại", "Bảng tiêu chí không có tiêu chí chấm điểm {criterion}.",
        en "Unknown criterion", "The criteria set has no scored criterion {criterion}.";
    /// The same criterion twice in one request.
    DuplicateCriterion = "duplicate_criterion", 422, Never,
        vi "Tiêu chí trùng lặp", "Tiêu chí {criterion} được nêu nhiều lần.",
        en "Duplicate criterion", "Criterion {criterion} is named more than once.";
    /// A score above the maximum of its criterion or below zero.
    ScoreOutOfRange = "score_out_of_range", 422, Never,
        vi "Điểm vượt mức tối đa", "Tiêu chí {criterion}: điểm tối đa là {max}, nhận được {got}.",
        en "Score out of range", "Criterion {criterion}: at most {max} points, got {got}.";
    /// Points that are not a multiple of the criterion's step.
    PointsStep = "points_step", 422, Never,
        vi "Điểm không đúng bước chấm", "Tiêu chí {criterion}: điểm phải là bội số của {step}.",
        en "Points off step", "Criterion {criterion}: the points must be a multiple of {step}.";
    /// An answer of a kind that the criterion's rule does not accept.
    AnswerMismatch = "answer_mismatch", 422, Never,
        vi "Nội dung chấm không phù hợp", "Tiêu chí {criterion}: nội dung chấm không phù hợp với quy tắc tính điểm {rule}.",
        en "Answer mismatch", "Criterion {criterion}: the answer does not match the rule {rule}.";
    /// A criterion declared not applicable by the unit itself, or under a criteria set that does not allow it.
    NotApplicableRefused = "not_applicable_refused", 422, Never,
        vi "Không được khai không áp dụng", "Tiêu chí {criterion}: chỉ bước thẩm định hoặc xét duyệt mới được xác định không áp dụng, và chỉ khi bảng tiêu chí cho phép.",
        en "Not applicable refused", "Criterion {criterion}: only a review may declare it not applicable, and only if the criteria set allows it.";
    /// A target for a criterion that is not scored against one, or whose rule contains its own.
    TargetNotAsked = "target_not_asked", 422, Never,
        vi "Tiêu chí không cần chỉ tiêu", "Tiêu chí {criterion} không chấm theo tỷ lệ chỉ tiêu, hoặc đã có chỉ tiêu trong bảng tiêu chí.",
        en "Target not asked for", "Criterion {criterion} is not scored against a target, or has its target in the criteria set.";
    /// A change to a target by which a line is already scored or submitted.
    TargetInUse = "target_in_use", 409, AfterChange,
        vi "Chỉ tiêu đã được dùng để chấm điểm", "Tiêu chí {criterion} của đơn vị đã được chấm theo chỉ tiêu hiện tại; đề nghị đơn vị xóa điểm mục này trước khi đổi chỉ tiêu.",
        en "Target in use", "Criterion {criterion} of the unit is already scored by the current target; the unit has to clear the line first.";
    /// A level that the criterion's rule does not have.
    UnknownLevel = "unknown_level", 422, Never,
        vi "Mức đánh giá không tồn tại", "Tiêu chí {criterion} không có mức đánh giá {got}; các mức: {known}.",
        en "Unknown level", "Criterion {criterion} has no level {got}; its levels are {known}.";
    /// An option that the criterion's rule does not have.
    UnknownOption = "unknown_option", 422, Never,
        vi "Phương án không tồn tại", "Tiêu chí {criterion} không có phương án {got}; các phương án: {known}.",
        en "Unknown option", "Criterion {criterion} has no option {got}; its options are {known}.";
    /// An option that one answer names twice.
    DuplicateOption = "duplicate_option", 422, Never,
        vi "Phương án trùng lặp", "Tiêu chí {criterion}: phương án {got} được nêu nhiều lần.",
        en "Duplicate option", "Criterion {criterion}: the option {got} is named more than once.";
    /// A rank outside every band of the criterion's rule.
    RankOutOfBands = "rank_out_of_bands", 422, Never,
        vi "Thứ hạng ngoài các khoảng quy định", "Tiêu chí {criterion}: thứ hạng {got} không thuộc khoảng nào: {known}.",
        en "Rank outside the bands", "Criterion {criterion}: the rank {got} is in none of the bands {known}.";
    /// Criteria that share points exceed their common maximum.
    SharedPointsExceeded = "shared_points_exceeded", 422, AfterChange,
        vi "Vượt số điểm dùng chung", "Các tiêu chí {criteria} dùng chung tối đa {max} điểm, tổng nhận được là {got}.",
        en "Shared points exceeded", "The criteria {criteria} share at most {max} points, got {got} in total.";
    /// A criterion without a score in a submission that is to be submitted.
    MissingScore = "missing_score", 422, AfterChange,
        vi "Chưa chấm điểm", "Tiêu chí {criterion} chưa được chấm điểm.",
        en "Missing score", "Criterion {criterion} has no score.";
    /// A criterion that requires evidence and has none.
    EvidenceRequired = "evidence_required", 422, AfterChange,
        vi "Thiếu minh chứng", "Tiêu chí {criterion} phải có minh chứng.",
        en "Evidence required", "Criterion {criterion} requires evidence.";
    /// A score that differs from the previous stage, without a reason.
    ReasonRequired = "reason_required", 422, AfterChange,
        vi "Chưa nêu lý do thay đổi", "Tiêu chí {criterion}: phải nêu lý do khi thay đổi kết quả của bước trước.",
        en "Reason required", "Criterion {criterion}: a result that differs from the previous stage requires a reason.";
    /// A unit's own line has no reason, because it departs from nothing.
    ReasonNotAsked = "reason_not_asked", 422, Never,
        vi "Không yêu cầu lý do", "Bảng tự chấm không có lý do thay đổi; đề nghị dùng ghi chú.",
        en "Reason not asked for", "A self-assessment has no reasons; use the note instead.";
    /// A request with more items than it may have.
    TooManyItems = "too_many_items", 422, Never,
        vi "Quá nhiều mục", "Mỗi lần gửi tối đa {max} mục.",
        en "Too many items", "A request has at most {max} items.";
    /// A return after the gate has closed, without a new due date.
    DueOnRequired = "due_on_required", 422, Never,
        vi "Chưa nêu ngày đến hạn", "Đã hết thời hạn nộp nên phải nêu ngày đến hạn mới.",
        en "Due date required", "The deadline has passed, so a new due date is required.";
    /// A due date after the latest one possible.
    DueOnTooLate = "due_on_too_late", 422, Never,
        vi "Ngày đến hạn quá muộn", "Ngày đến hạn không được sau ngày {latest}.",
        en "Due date too late", "The due date may not be after {latest}.";
    /// A day for the submission of a unit that has handed it in: there is nothing that the day would end.
    DueOnNotNeeded = "due_on_not_needed", 422, Never,
        vi "Không cần nêu ngày đến hạn", "Bảng chấm điểm của đơn vị ở trạng thái: {state}, nên không có thời hạn nộp mới; đề nghị bỏ ngày đến hạn.",
        en "Due date not needed", "The unit's submission is in the state {state}, so nothing is left to hand in; leave the due date out.";
    /// A result notice dated before the council's session.
    NoticeBeforeSession = "notice_before_session", 422, Never,
        vi "Ngày thông báo trước ngày họp", "Ngày thông báo kết quả không được trước ngày họp Hội đồng {held_on}.",
        en "Notice before the session", "The notice may not be dated before the council session of {held_on}.";
    /// A result notice dated after today.
    NoticeInFuture = "notice_in_future", 422, Later,
        vi "Ngày thông báo chưa đến", "Ngày thông báo kết quả không được sau ngày hiện tại.",
        en "Notice in the future", "The notice may not be dated after today.";
    /// A person who is not a council member on the day of the session.
    NotCouncilMember = "not_council_member", 422, Never,
        vi "Không phải thành viên Hội đồng", "Người được nêu không phải là thành viên Hội đồng tại ngày họp.",
        en "Not a council member", "The person named is not a council member on the day of the session.";
    /// More votes than the members present may cast.
    TooManyVotes = "too_many_votes", 422, AfterChange,
        vi "Số phiếu vượt số người được biểu quyết", "Có {got} phiếu trong khi chỉ {max} thành viên có mặt được biểu quyết về đơn vị này.",
        en "Too many votes", "{got} votes, while {max} of the members present may vote on this unit.";
    /// A recusal of a member whose roles review, vote on or present no submission.
    NotReviewer = "not_reviewer", 422, AfterChange,
        vi "Không tham gia thẩm định, xét chấm", "Người được nêu không có vai trò thẩm định, biểu quyết hoặc trình kết quả chấm điểm.",
        en "Not a reviewer", "The person named has no role that reviews, votes on or presents submissions.";
    /// A member whose membership does not count today.
    MemberNotActive = "member_not_active", 422, AfterChange,
        vi "Thành viên không còn hoạt động", "Tư cách thành viên của người được nêu chưa có hiệu lực hoặc đã kết thúc.",
        en "Member not active", "The membership of the person named has not begun or has ended.";
    /// A member who keeps away from the submission.
    MemberRecused = "member_recused", 422, AfterChange,
        vi "Thành viên phải tránh tham gia", "Người được nêu thuộc đơn vị hoặc đã khai báo xung đột lợi ích nên không chấm bảng này.",
        en "Member recused", "The person named belongs to the unit or has declared a conflict, and does not review this submission.";
    /// An assignment where every member of the council reviews.
    StageNotAssigned = "stage_not_assigned", 409, Never,
        vi "Bước này không phân công", "Các thành viên Hội đồng chấm độc lập nên không phân công cho riêng ai.",
        en "Stage not assigned", "The members of the council score alone, so nobody in particular is assigned.";
    /// A correction states what is recorded already.
    NothingCorrected = "nothing_corrected", 422, Never,
        vi "Không có gì thay đổi", "Nội dung đính chính trùng với nội dung đang ghi nhận.",
        en "Nothing corrected", "The correction states what is recorded already.";
    /// The units of a tie decision are not exactly one tied group.
    NotTiedGroup = "not_tied_group", 422, AfterChange,
        vi "Không đúng nhóm đồng hạng", "Các đơn vị được nêu phải đúng và đủ một nhóm đồng hạng trong bảng xếp hạng.",
        en "Not a tied group", "The units named must be exactly one tied group of the ranking.";
    /// A council session of another period.
    SessionNotOfPeriod = "session_not_of_period", 422, Never,
        vi "Phiên họp không thuộc kỳ đánh giá", "Phiên họp Hội đồng được nêu không thuộc kỳ đánh giá này.",
        en "Session of another period", "The council session does not belong to this period.";
    /// A decision from a council session that is not closed.
    SessionNotClosed = "session_not_closed", 422, Later,
        vi "Phiên họp chưa kết thúc", "Quyết định phải thuộc một phiên họp Hội đồng đã kết thúc.",
        en "Session not closed", "The decision must be of a council session that is closed.";
    /// A decision from a council session without a quorum, or held outside the council's review.
    SessionCannotDecide = "session_cannot_decide", 422, AfterChange,
        vi "Phiên họp không có thẩm quyền quyết định", "Phiên họp không đủ số thành viên tham dự theo quy định hoặc không được tổ chức trong thời gian Hội đồng đánh giá.",
        en "Session cannot decide", "The council session had no quorum or was not held during the council's review.";
    /// A decision from a council session that was held before the totals it decides on.
    SessionBeforeTotals = "session_before_totals", 422, AfterChange,
        vi "Phiên họp trước khi có kết quả chấm điểm", "Điểm của các đơn vị đồng hạng có từ ngày {earliest}; phiên họp quyết định không được trước ngày này.",
        en "Session before the totals", "The totals of the tied units are of {earliest}; the session that decides may not be earlier.";
    /// An approval without the number of its decision.
    DecisionNumberRequired = "decision_number_required", 422, Never,
        vi "Thiếu số quyết định", "Trường hợp được khen thưởng phải ghi số quyết định.",
        en "Decision number required", "An approval requires the number of the decision.";
    /// An approval without the date of its decision.
    DecidedOnRequired = "decided_on_required", 422, Never,
        vi "Thiếu ngày quyết định", "Trường hợp được khen thưởng phải ghi ngày quyết định.",
        en "Decision date required", "An approval requires the date of the decision.";
    /// An action that requires a reason, without one.
    ReasonMissing = "reason_missing", 422, Never,
        vi "Chưa nêu lý do", "Thao tác này phải nêu lý do.",
        en "Reason missing", "This action requires a reason.";
    /// A file whose content is of a type that is not accepted.
    FileTypeNotAllowed = "file_type_not_allowed", 422, Never,
        vi "Loại tệp không được chấp nhận", "Loại tệp không được chấp nhận; loại tệp được xác định theo nội dung, không theo tên tệp.",
        en "File type not allowed", "Files of this type are not accepted; the type is determined by the content, not by the name.";
    /// A file without content.
    FileEmpty = "file_empty", 422, Never,
        vi "Tệp rỗng", "Tệp tải lên không có nội dung.",
        en "File empty", "The file has no content.";
    /// A webhook address that the installation does not allow.
    UrlNotAllowed = "url_not_allowed", 422, Never,
        vi "Địa chỉ không được phép", "Chỉ gửi đến địa chỉ https công khai; địa chỉ nội bộ phải được cấu hình cho phép.",
        en "Address not allowed", "Messages go to public https addresses only, unless the installation allows private ones.";
    /// A link that is not a valid web address.
    UrlInvalid = "url_invalid", 422, Never,
        vi "Địa chỉ liên kết không hợp lệ", "Địa chỉ liên kết phải là địa chỉ http hoặc https đầy đủ.",
        en "Invalid web address", "A link must be a complete http or https address.";
    /// Evidence that is classified.
    ClassifiedContent = "classified_content", 422, Never,
        vi "Không nhận nội dung mật", "Không được đưa tài liệu có độ mật lên hệ thống.",
        en "Classified content", "Classified documents may not be stored in this system.";
    /// A document that the dossier does not require.
    UnknownDocument = "unknown_document", 422, Never,
        vi "Tài liệu không thuộc hồ sơ", "Hồ sơ đề nghị khen thưởng không có tài liệu này.",
        en "Unknown document", "The dossier does not require this document.";
    /// A spreadsheet without a row of headings.
    HeadingNotFound = "heading_not_found", 422, Never,
        vi "Không tìm thấy dòng tiêu đề", "Không có dòng nào mang các tiêu đề STT, NỘI DUNG, ĐIỂM (hoặc tiêu đề của mẫu đầy đủ).",
        en "Headings not found", "No row has the headings STT, NỘI DUNG, ĐIỂM, or those of the full template.";
    /// A file in an unsupported format, or a damaged one.
    SpreadsheetUnreadable = "spreadsheet_unreadable", 422, Never,
        vi "Không đọc được bảng tính", "Tệp không phải là JSON, CSV (UTF-8, UTF-16) hoặc XLSX đọc được.",
        en "Spreadsheet unreadable", "The file is not readable JSON, CSV (UTF-8 or UTF-16) or XLSX.";
    /// A spreadsheet that exceeds a limit, such as the number of rows or the uncompressed size.
    SpreadsheetTooLarge = "spreadsheet_too_large", 413, Never,
        vi "Bảng tính quá lớn", "Bảng tính vượt giới hạn {max} ({limit}).",
        en "Spreadsheet too large", "The spreadsheet exceeds the limit of {max} ({limit}).";
    /// A cell that should contain a number and does not.
    NumberUnreadable = "number_unreadable", 422, Never,
        vi "Ô không phải là số", "Dòng {row}, cột {column}: “{got}” không phải là số.",
        en "Not a number", "Row {row}, column {column}: “{got}” is not a number.";
    /// A cell that should contain one of a list of words and does not.
    UnknownWord = "unknown_word", 422, Never,
        vi "Từ không có trong danh mục", "Dòng {row}, cột {column}: “{got}” không thuộc các giá trị: {known}.",
        en "Unknown word", "Row {row}, column {column}: “{got}” is not one of {known}.";
    /// A cell that is no answer to its criterion.
    AnswerUnreadable = "answer_unreadable", 422, Never,
        vi "Ô không phải là câu trả lời", "Dòng {row}, cột {column}: “{got}” không phải là câu trả lời cho tiêu chí {criterion}; cần {expected}.",
        en "Not an answer", "Row {row}, column {column}: “{got}” is no answer to criterion {criterion}, which asks for {expected}.";
    /// Points in place of the answer that they are computed from.
    AnswerMissing = "answer_missing", 422, Never,
        vi "Thiếu câu trả lời", "Dòng {row}, cột {column}: điểm của tiêu chí {criterion} được tính từ {expected}; đề nghị điền vào cột trả lời.",
        en "Answer missing", "Row {row}, column {column}: the points of criterion {criterion} are computed from {expected}; fill in the column for the answer.";
    /// Points that are not those of the answer beside them.
    PointsDisagree = "points_disagree", 422, Never,
        vi "Điểm không khớp câu trả lời", "Dòng {row}, cột {column}: điểm {got} không khớp câu trả lời, được tính là {expected}.",
        en "Points disagree", "Row {row}, column {column}: the points {got} are not those of the answer, which earns {expected}.";
    /// A text or a maximum of a form that is not that of its criterion.
    CellChanged = "cell_changed", 422, Never,
        vi "Nội dung biểu bị sửa", "Dòng {row}, cột {column}: “{got}” khác với nội dung của tiêu chí {criterion}; biểu chỉ được điền, không được sửa.",
        en "Form changed", "Row {row}, column {column}: “{got}” is not that of criterion {criterion}; a form is filled in, not changed.";
    /// A file without any form to read scores from.
    FormNotFound = "form_not_found", 422, Never,
        vi "Không tìm thấy biểu chấm điểm", "Không có trang nào có đủ các cột của biểu đã xuất: {heading}.",
        en "Form not found", "No sheet has all columns of the exported form: {heading}.";
    /// A filled cell in a column that this kind of row or type of rule does not use.
    CellNotAsked = "cell_not_asked", 422, Never,
        vi "Ô không thuộc dòng này", "Dòng {row}, cột {column}: dòng này không có nội dung {heading}.",
        en "Cell not asked for", "Row {row}, column {column}: this kind of row has no {heading}.";
    /// A row that does not belong under the one above it.
    RowOutOfPlace = "row_out_of_place", 422, Never,
        vi "Dòng không đúng vị trí", "Dòng {row}: dòng này không thuộc về dòng phía trên.",
        en "Row out of place", "Row {row} does not belong under the row above it.";
    /// A depth that skips a level or has no parent.
    DepthInvalid = "depth_invalid", 422, Never,
        vi "Cấp không hợp lệ", "Dòng {row}: cấp {got} không hợp lệ; tại đây cấp lớn nhất là {max}.",
        en "Depth invalid", "Row {row}: the depth {got} is not valid; the maximum here is {max}.";
    /// A row number in none of the formats A, I, 1, 1.1, a.
    RowNumberUnreadable = "row_number_unreadable", 422, Never,
        vi "Số thứ tự không hợp lệ", "Dòng {row}: số thứ tự “{got}” không thuộc các dạng A, I, 1, 1.1, a.",
        en "Row number unreadable", "Row {row}: the number “{got}” is in none of the formats A, I, 1, 1.1, a.";
    /// A warning: a table without parts, all of which is read as base points.
    PartImplied = "part_implied", 422, AfterChange,
        vi "Bảng không chia phần", "Bảng không có phần A, B; toàn bộ được xem là điểm chuẩn.",
        en "Part implied", "The table has no parts A, B; all of it is read as base points.";
    /// A row of headings without one for the points.
    HeadingMissing = "heading_missing", 422, Never,
        vi "Thiếu cột trong dòng tiêu đề", "Dòng {row} là dòng tiêu đề nhưng thiếu cột {missing}; các cột tìm thấy: {found}.",
        en "Heading missing", "Row {row} has the headings but none for {missing}; it has {found}.";
    /// Two columns that could both have the points.
    ColumnsAmbiguous = "columns_ambiguous", 422, Never,
        vi "Chưa rõ cột điểm", "Dòng {row}: các cột {found} đều có thể là cột điểm; hãy chỉ rõ bằng tham số columns.",
        en "Columns ambiguous", "Row {row}: columns {found} could all have the points; say which with the parameter columns.";
    /// A cell beyond the last heading.
    CellBeyondHeadings = "cell_beyond_headings", 422, Never,
        vi "Ô nằm ngoài các cột có tiêu đề", "Dòng {row}, cột {column}: “{got}” nằm ngoài các cột có tiêu đề; có thể dấu phẩy đã tách một số thành hai ô.",
        en "Cell beyond the headings", "Row {row}, column {column}: “{got}” lies beyond the headings; a comma may have cut a number in two.";
    /// A second table below the first one.
    SecondTable = "second_table", 422, Never,
        vi "Có bảng thứ hai", "Dòng {row}: một bảng khác bắt đầu sau dòng tổng; hãy tách mỗi bảng thành một tệp.",
        en "Second table", "Row {row}: another table begins after the total; put each into a file of its own.";
    /// Several sheets with a table, of which none is named.
    SeveralTables = "several_tables", 422, Never,
        vi "Có nhiều bảng", "Trang tính {sheet} cũng có bảng tiêu chí; hãy chỉ rõ bằng tham số sheet.",
        en "Several tables", "Sheet {sheet} has a table too; say which with the parameter sheet.";
    /// A sheet that the file does not have.
    SheetNotFound = "sheet_not_found", 422, Never,
        vi "Không có trang tính này", "Tệp không có trang tính {got}; các trang tính: {known}.",
        en "Sheet not found", "The file has no sheet {got}; it has {known}.";
    /// A file of a kind that is not read.
    FormatNotRead = "format_not_read", 422, Never,
        vi "Định dạng tệp không được đọc", "Tệp {got} không đọc được; hãy gửi bảng gốc ở dạng Excel (.xlsx, .xls), OpenDocument (.ods) hoặc CSV; bảng trong Word có thể chép sang Excel.",
        en "Format not read", "A {got} file is not read; send the table itself as Excel (.xlsx, .xls), OpenDocument (.ods) or CSV; a table in Word can be copied into Excel.";
    /// A figure with a comma and three digits, which is a decimal or a thousand.
    NumberUnclear = "number_unclear", 422, Never,
        vi "Số chưa rõ", "Dòng {row}, cột {column}: “{got}” có thể là số thập phân hoặc hàng nghìn; hãy viết rõ.",
        en "Number unclear", "Row {row}, column {column}: “{got}” could be a decimal or a thousand; write it out.";
    /// A figure that the spreadsheet has made a date.
    NumberIsADate = "number_is_a_date", 422, Never,
        vi "Ô điểm là ngày tháng", "Dòng {row}, cột {column}: phần mềm bảng tính đã đổi số này thành ngày {got}; hãy nhập lại dạng số.",
        en "Number is a date", "Row {row}, column {column}: the spreadsheet has turned this figure into the date {got}; enter it again as a number.";
    /// A percentage where points belong.
    NumberIsAPercentage = "number_is_a_percentage", 422, Never,
        vi "Ô điểm là tỷ lệ", "Dòng {row}, cột {column}: {got} là tỷ lệ phần trăm, không phải điểm.",
        en "Number is a percentage", "Row {row}, column {column}: {got} is a percentage, not points.";
    /// A formula whose value the file does not have.
    FormulaWithoutValue = "formula_without_value", 422, Never,
        vi "Công thức chưa có giá trị", "Dòng {row}, cột {column}: công thức chưa được tính; hãy mở tệp bằng phần mềm bảng tính và lưu lại.",
        en "Formula without a value", "Row {row}, column {column}: the formula was never worked out; open the file in a spreadsheet program and save it.";
    /// Lines below an item that neither add up to its points nor have them as their best.
    LinesUnclear = "lines_unclear", 422, Never,
        vi "Chưa rõ các dòng con", "Dòng {row}: các dòng không đánh số cộng lại được {sum} điểm, tiêu chí có {max} điểm; hãy đánh số nếu là tiêu chí con, hoặc ghi rõ mức điểm.",
        en "Lines unclear", "Row {row}: the lines without a number add up to {sum}, but the criterion has {max} points; number them if they are criteria, or correct the levels.";
    /// A warning: lines without numbers that add up to their item, read as criteria below it.
    LinesAddedUp = "lines_added_up", 422, AfterChange,
        vi "Các dòng con là tiêu chí", "Dòng {row}: các dòng không đánh số cộng đúng bằng điểm của mục nên được xem là tiêu chí con.",
        en "Lines added up", "Row {row}: the lines without a number add up to its points and were read as criteria below it.";
    /// A warning: a printed sum that is not that of the items above it.
    SubtotalMismatch = "subtotal_mismatch", 422, AfterChange,
        vi "Dòng cộng không khớp", "Dòng {row}: “{got}” ghi {declared} điểm, các mục phía trên cộng được {sum} điểm.",
        en "Subtotal mismatch", "Row {row}: “{got}” says {declared} points, but the items above add up to {sum}.";
    /// A warning: a total with items after it, which was that of a part.
    SubtotalLeftOut = "subtotal_left_out", 422, AfterChange,
        vi "Dòng cộng của một phần", "Dòng {row}: dòng tổng này có mục tiếp theo nên được xem là tổng của một phần và bỏ qua.",
        en "Subtotal left out", "Row {row}: items follow this total, so it was read as that of a part and left out.";
    /// A warning: a section of bonuses or deductions in a table without parts, made a part of its own.
    SectionMadePart = "section_made_part", 422, AfterChange,
        vi "Mục được tách thành phần", "Dòng {row}: mục này là điểm thưởng hoặc điểm trừ nên được tách thành một phần riêng.",
        en "Section made a part", "Row {row}: this section has bonuses or deductions and was made a part of its own.";
    /// A warning: a part whose points are taken.
    PenaltyRecognised = "penalty_recognised", 422, AfterChange,
        vi "Phần điểm trừ", "Dòng {row}: phần này được hiểu là điểm trừ: số điểm ghi trong bảng là mức trừ tối đa.",
        en "Penalty recognised", "Row {row}: this part was read as deductions: its figures are the most that is taken.";
    /// A warning: a section without points of its own, which has the sum of what is below it.
    PointsSummed = "points_summed", 422, AfterChange,
        vi "Điểm của mục được cộng lại", "Dòng {row}: mục không ghi điểm nên được lấy bằng tổng điểm các mục con.",
        en "Points summed", "Row {row}: the section has no points of its own; it was given the sum of what is below it.";
    /// A warning: one cell of points beside several items, which share them.
    PointsMerged = "points_merged", 422, AfterChange,
        vi "Các mục chung một ô điểm", "Dòng {row}: ô điểm được gộp cho nhiều mục nên các mục này chia nhau số điểm đó.",
        en "Points merged", "Row {row}: one cell of points stands beside several items, so they share it.";
    /// A warning: a text about points that no rule is sure to mean.
    RuleUnsure = "rule_unsure", 422, AfterChange,
        vi "Cách tính điểm chưa rõ", "Dòng {row}: nội dung nói về cách tính điểm nhưng chưa đủ rõ; tiêu chí được chấm trực tiếp, đề nghị chọn quy tắc.",
        en "Rule unsure", "Row {row}: the text says how to score, but not clearly enough; the criterion is scored directly, please choose a rule.";
    /// A warning: a number that does not follow the previous one, so that a row may be missing.
    NumberingGap = "numbering_gap", 422, AfterChange,
        vi "Số thứ tự không liên tục", "Dòng {row}: số thứ tự là “{got}”, đáng lẽ là {expected}.",
        en "Numbering gap", "Row {row} has the number “{got}” instead of the expected {expected}.";
    /// A warning: a row without a number, read as the continuation of the row above.
    RowJoined = "row_joined", 422, AfterChange,
        vi "Dòng được nối với dòng trên", "Dòng {row} không có số thứ tự và được nối vào nội dung của dòng phía trên.",
        en "Row joined", "Row {row} has no number and was read as the continuation of the row above.";
    /// A warning: a rule that was inferred from the text or from the rows below.
    RuleGuessed = "rule_guessed", 422, AfterChange,
        vi "Quy tắc tính được suy ra từ nội dung", "Dòng {row}: quy tắc tính điểm {rule} được suy ra từ nội dung; đề nghị kiểm tra lại.",
        en "Rule guessed", "Row {row}: the rule {rule} was inferred from the text; please check it.";
    /// Dates that are too far apart to count, or outside the years that the calendar supports.
    CalendarRange = "calendar_range", 422, Never,
        vi "Ngoài phạm vi của lịch", "Khoảng thời gian quá dài hoặc nằm ngoài các năm mà lịch hỗ trợ.",
        en "Outside the calendar", "The dates are too far apart or outside the years that the calendar supports.";
    /// A grant type that the token endpoint does not offer.
    UnsupportedGrantType = "unsupported_grant_type", 400, Never,
        vi "Hình thức cấp mã không được hỗ trợ", "Chỉ hỗ trợ hình thức cấp mã truy cập bằng mã định danh và khóa bí mật của ứng dụng (client credentials).",
        en "Unsupported grant type", "The only grant type offered is that of client credentials.";
    /// A scope that is unknown or wider than the account's.
    InvalidScope = "invalid_scope", 400, Never,
        vi "Phạm vi không hợp lệ", "Phạm vi được yêu cầu không tồn tại hoặc vượt phạm vi được cấp.",
        en "Invalid scope", "The scope is unknown or wider than the one granted.";
    /// Parts of a criteria set that do not add up to its declared total.
    PartSumMismatch = "part_sum_mismatch", 422, AfterChange,
        vi "Tổng điểm các phần không khớp", "Tổng điểm công bố là {declared}, tổng điểm các phần là {sum}.",
        en "Part sum mismatch", "The declared total is {declared} points, but the parts add up to {sum}.";
    /// Children whose maxima add up to more than their parent's.
    ChildrenExceedParent = "children_exceed_parent", 422, AfterChange,
        vi "Tổng điểm mục con vượt mục cha", "Mục {parent} có tối đa {max} điểm, tổng điểm các mục con là {sum}.",
        en "Children exceed parent", "Node {parent} has at most {max} points, but its children add up to {sum}.";
    /// A criterion without its own maximum whose siblings leave no points for it.
    NoPointsLeft = "no_points_left", 422, AfterChange,
        vi "Không còn điểm để phân bổ", "Tiêu chí {criterion} không có điểm tối đa riêng và mục cha không còn điểm để phân bổ.",
        en "No points left", "Criterion {criterion} has no maximum of its own and its parent has no points left.";
    /// A scored criterion without a rule.
    RuleMissing = "rule_missing", 422, AfterChange,
        vi "Thiếu quy tắc tính điểm", "Tiêu chí {criterion} chưa có quy tắc tính điểm.",
        en "Rule missing", "Criterion {criterion} has no rule.";
    /// A section that has both children and a rule.
    RuleOnSection = "rule_on_section", 422, AfterChange,
        vi "Nhóm tiêu chí không có quy tắc riêng", "Mục {criterion} có tiêu chí con nên không được có quy tắc chấm điểm riêng.",
        en "Rule on a section", "Section {criterion} has children and therefore may not have a rule.";
    /// A code that occurs more than once in the criteria set.
    DuplicateCode = "duplicate_code", 422, AfterChange,
        vi "Mã tiêu chí trùng lặp", "Mã {criterion} xuất hiện nhiều lần trong bảng tiêu chí.",
        en "Duplicate code", "The code {criterion} occurs more than once in the criteria set.";
    /// A rule that can award more than the criterion's maximum.
    RuleExceedsMax = "rule_exceeds_max", 422, AfterChange,
        vi "Quy tắc tính vượt điểm tối đa", "Tiêu chí {criterion}: quy tắc tính điểm có thể cho nhiều hơn mức tối đa {max} điểm.",
        en "Rule exceeds maximum", "Criterion {criterion}: the rule can award more than the maximum of {max} points.";
    /// A rule that can give less than the fewest points of its criterion.
    RuleBelowMin = "rule_below_min", 422, AfterChange,
        vi "Quy tắc tính dưới điểm tối thiểu", "Tiêu chí {criterion}: quy tắc tính điểm có thể cho ít hơn mức tối thiểu {min} điểm.",
        en "Rule below minimum", "Criterion {criterion}: the rule can give less than the minimum of {min} points.";
    /// A rule that pays more beyond the maximum than the criterion's bonus.
    RuleExceedsBonusMax = "rule_exceeds_bonus_max", 422, AfterChange,
        vi "Điểm vượt mức quá điểm thưởng tối đa", "Tiêu chí {criterion}: điểm thưởng khi vượt chỉ tiêu lớn hơn mức tối đa {max} điểm.",
        en "Rule exceeds bonus maximum", "Criterion {criterion}: the rule pays more beyond the maximum than the bonus of {max} points.";
    /// A criterion, section or part that can only take points, and takes none whatever the answer.
    RuleTakesNothing = "rule_takes_nothing", 422, AfterChange,
        vi "Điểm trừ không có tác dụng", "Mục {criterion} chỉ dùng để trừ điểm nhưng không thể trừ: hãy đặt điểm tối thiểu dưới 0 và kiểm tra quy tắc.",
        en "Rule takes nothing", "Node {criterion} can only take points, and none can be taken: give it a minimum below 0 and check its rule.";
    /// A part of deductions, or a criterion of one, that has points to win.
    PenaltyWithPoints = "penalty_with_points", 422, AfterChange,
        vi "Mục điểm trừ không có điểm tối đa", "Mục {criterion} thuộc phần điểm trừ nên điểm tối đa phải là 0; mức trừ ghi ở điểm tối thiểu.",
        en "Penalty with points", "Node {criterion} belongs to a penalty part, so its maximum must be 0; what it takes at most is its minimum.";
    /// A minimum above the maximum, or none where the maximum is not 0.
    BoundsInvalid = "bounds_invalid", 422, AfterChange,
        vi "Điểm tối thiểu không hợp lệ", "Mục {criterion}: điểm tối thiểu {min} không phù hợp với điểm tối đa {max}.",
        en "Bounds invalid", "Node {criterion}: the minimum of {min} does not fit the maximum of {max} points.";
    /// A way to combine children, or a limit on their deductions, on a criterion, which has no children.
    CombineOnCriterion = "combine_on_criterion", 422, AfterChange,
        vi "Tiêu chí không có mục con", "Tiêu chí {criterion} không có mục con nên không đặt cách cộng hoặc mức trừ tối đa.",
        en "Combine on a criterion", "Criterion {criterion} has no children whose points could be combined or whose deductions could be limited.";
    /// Criteria without their own maximum whose parent does not add its children up.
    SharedPointsNotSummed = "shared_points_not_summed", 422, AfterChange,
        vi "Không chia điểm chung được", "Các tiêu chí {criteria} chưa có điểm tối đa riêng, mà mục cha không cộng điểm các mục con.",
        en "Shared points not summed", "Criteria {criteria} have no maximum of their own, but their parent does not add up its children.";
    /// A bonus beyond the maximum elsewhere than on a criterion of a base part.
    BonusMaxMisplaced = "bonus_max_misplaced", 422, AfterChange,
        vi "Điểm thưởng đặt sai chỗ", "Mục {criterion}: điểm thưởng trên mức tối đa chỉ dành cho tiêu chí của phần điểm chuẩn.",
        en "Bonus maximum misplaced", "Node {criterion}: a bonus beyond the maximum is for criteria of base parts only.";
    /// A limit over criteria that names none, or limits nothing.
    LimitWithoutEffect = "limit_without_effect", 422, AfterChange,
        vi "Mức giới hạn không có tác dụng", "Giới hạn {limit_code} phải nêu ít nhất một tiêu chí và một mức trừ hoặc cộng tối đa lớn hơn 0.",
        en "Limit without effect", "Limit {limit_code} must name at least one criterion and a maximum of deductions or awards above 0.";
    /// A limit over criteria that names a part or section.
    LimitOnSection = "limit_on_section", 422, AfterChange,
        vi "Giới hạn chỉ áp dụng cho tiêu chí", "Giới hạn {limit_code} nêu mục {criterion} có mục con; hãy nêu từng tiêu chí.",
        en "Limit on a section", "Limit {limit_code} names {criterion}, which has children; name the criteria themselves.";
    /// An answer that counts a case which its rule does not have.
    UnknownCase = "unknown_case", 422, Never,
        vi "Trường hợp không có trong quy tắc", "Tiêu chí {criterion} không có trường hợp {got}; các trường hợp: {known}.",
        en "Unknown case", "Criterion {criterion} has no case {got}; its cases are {known}.";
    /// A unit's answer to a criterion that the standing body scores.
    NotScoredByUnit = "not_scored_by_unit", 422, Never,
        vi "Tiêu chí do cơ quan thường trực chấm", "Tiêu chí {criterion} do bộ phận thường trực chấm khi thẩm định; đơn vị để trống.",
        en "Not scored by the unit", "Criterion {criterion} is scored by the standing body in its appraisal; the unit leaves it out.";
    /// A cap on deductions that is not between 0 and the points that can be won.
    DeductionCapInvalid = "deduction_cap_invalid", 422, AfterChange,
        vi "Mức trừ tối đa không hợp lệ", "Mục {part}: mức trừ tối đa {got} phải lớn hơn 0 và không quá {max} điểm.",
        en "Deduction cap invalid", "Node {part}: the cap on deductions is {got}; it must be more than 0 and at most {max} points.";
    /// A parameter of a rule that is negative or has no effect.
    RuleFigureInvalid = "rule_figure_invalid", 422, AfterChange,
        vi "Tham số của quy tắc không hợp lệ", "Tiêu chí {criterion}: tham số của quy tắc tính điểm không hợp lệ.",
        en "Rule figure invalid", "Criterion {criterion}: this parameter of the rule is not valid.";
    /// A rule without a level, band, step or option.
    RuleEmpty = "rule_empty", 422, AfterChange,
        vi "Quy tắc chưa có nội dung", "Tiêu chí {criterion}: quy tắc tính điểm phải có từ 1 đến {max} dòng.",
        en "Rule empty", "Criterion {criterion}: the rule must have from 1 to {max} rows.";
    /// A level or an option with the same code as another of the rule.
    DuplicateChoice = "duplicate_choice", 422, AfterChange,
        vi "Mã lựa chọn trùng lặp", "Tiêu chí {criterion}: mã {choice} xuất hiện nhiều lần trong quy tắc tính điểm.",
        en "Duplicate choice", "Criterion {criterion}: the code {choice} occurs more than once in the rule.";
    /// Rank bands that overlap.
    BandsOverlap = "bands_overlap", 422, AfterChange,
        vi "Các khoảng thứ hạng chồng nhau", "Tiêu chí {criterion}: thứ hạng {rank} thuộc nhiều khoảng.",
        en "Bands overlap", "Criterion {criterion}: the rank {rank} is in more than one band.";
    /// Steps that do not increase in both cases and deductions.
    StepsOutOfOrder = "steps_out_of_order", 422, AfterChange,
        vi "Các bậc trừ điểm không tăng dần", "Tiêu chí {criterion}: số trường hợp và số điểm trừ phải tăng dần qua từng bậc.",
        en "Steps out of order", "Criterion {criterion}: each step must have more cases and a larger deduction than the previous one.";
    /// A rule that computes from the maximum, on a criterion without its own.
    RuleNeedsMaxPoints = "rule_needs_max_points", 422, AfterChange,
        vi "Quy tắc cần điểm tối đa", "Tiêu chí {criterion}: quy tắc tính điểm cần có điểm tối đa riêng.",
        en "Rule needs maximum points", "Criterion {criterion}: the rule requires the criterion to have its own maximum.";
    /// A criteria set without a scored criterion.
    NoCriteria = "no_criteria", 422, AfterChange,
        vi "Chưa có tiêu chí", "Bảng tiêu chí chưa có tiêu chí nào để chấm điểm.",
        en "No criteria", "The criteria set has no scored criterion.";
    /// A part of a criteria set without maximum points.
    PartWithoutPoints = "part_without_points", 422, AfterChange,
        vi "Phần chưa có điểm", "Mỗi phần của bảng tiêu chí phải có điểm tối đa.",
        en "Part without points", "Every part of the criteria set must have maximum points.";
    /// A warning: criteria without their own maximum share the points that their parent has left.
    PointsShared = "points_shared", 422, AfterChange,
        vi "Lưu ý: các tiêu chí dùng chung điểm", "Các tiêu chí {criteria} không có điểm tối đa riêng và dùng chung {max} điểm.",
        en "Note: points shared", "The criteria {criteria} have no maximum of their own and share {max} points.";
    /// A warning: ranks that no band covers.
    BandsGap = "bands_gap", 422, AfterChange,
        vi "Lưu ý: khoảng trống giữa các thứ hạng", "Tiêu chí {criterion}: thứ hạng từ {from} đến {to} không thuộc khoảng nào.",
        en "Note: gap between bands", "Criterion {criterion}: no band covers the ranks from {from} to {to}.";
    /// A warning: no answer earns the criterion's maximum.
    MaxUnreachable = "max_unreachable", 422, AfterChange,
        vi "Lưu ý: không đạt được điểm tối đa", "Tiêu chí {criterion} có {max} điểm, quy tắc tính điểm chỉ cho nhiều nhất {most}.",
        en "Note: maximum out of reach", "Criterion {criterion} has {max} points, but its rule awards at most {most}.";
    /// A warning: the children add up to less than their parent's maximum.
    PointsUnassigned = "points_unassigned", 422, AfterChange,
        vi "Lưu ý: còn điểm chưa phân bổ", "Mục {parent} có {max} điểm, tổng điểm các mục con chỉ là {sum}.",
        en "Note: points unassigned", "Node {parent} has {max} points, but its children add up to only {sum}.";

    /// Too many requests in a short time; `Retry-After` says how long to wait.
    RateLimited = "rate_limited", 429, Later,
        vi "Quá nhiều yêu cầu", "Đã gửi quá nhiều yêu cầu trong thời gian ngắn; đề nghị thử lại sau {retry_after_seconds} giây.",
        en "Rate limited", "Too many requests in a short time; try again after {retry_after_seconds} seconds.";

    /// A failure of the service itself, which is logged with the request id.
    Internal = "internal", 500, Later,
        vi "Lỗi hệ thống", "Hệ thống gặp lỗi; đề nghị thử lại sau hoặc báo mã yêu cầu cho bộ phận quản trị.",
        en "Internal error", "The service failed; try again later or report the request id to the administrators.";

    /// The sandbox is addressed by a name that is not its own.
    MisdirectedRequest = "misdirected_request", 421, Never,
        vi "Sai tên máy chủ", "Môi trường thử nghiệm chỉ trả lời theo địa chỉ của chính máy này, ví dụ localhost hoặc 127.0.0.1.",
        en "Misdirected request", "The sandbox answers only to names of this machine, such as localhost or 127.0.0.1.";

    /// The service is overloaded.
    Busy = "busy", 503, Later,
        vi "Hệ thống đang bận", "Hệ thống đang bận; đề nghị thử lại sau.",
        en "Busy", "The service is busy; try again later.";
    /// The keys of the identity provider that issued the token could not be fetched yet.
    ProviderUnavailable = "provider_unavailable", 503, Later,
        vi "Chưa kết nối được nguồn định danh", "Chưa lấy được khóa của nguồn định danh đã cấp mã truy cập; đề nghị thử lại sau.",
        en "Identity provider unavailable", "The keys of the identity provider that issued the token cannot be fetched at the moment; try again later.";
    /// The service is starting or stopping, or its database is unavailable.
    NotReady = "not_ready", 503, Later,
        vi "Hệ thống chưa sẵn sàng", "Hệ thống chưa sẵn sàng phục vụ; đề nghị thử lại sau.",
        en "Not ready", "The service is not ready; try again later.";
}
