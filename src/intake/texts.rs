//! The texts that Ringpost brings along: what a code is for, in many languages.
//!
//! Each fits one segment with the longest code and an organisation's name of 20 characters, in UCS-2 too;
//! `tests` at the end of the file says so. They wait for a reading by people who speak them.

use crate::domain::Purpose;

/// What a code is for, in one language, by purpose in the order of [`Purpose::ALL`].
type Words = (&'static str, [&'static str; 6]);

/// The template for a purpose, in the language of `tag`.
pub(super) fn shipped(purpose: Purpose, tag: &str) -> Option<String> {
    let (_, words) = WORDS.iter().find(|(known, _)| *known == tag)?;
    let (_, words) = Purpose::ALL.into_iter().zip(words).find(|(it, _)| *it == purpose)?;
    Some(format!("${{org.name}} - {words} ${{code}}"))
}

/// The languages that there are texts in.
pub(super) fn tags() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(tag, _)| *tag)
}

#[rustfmt::skip]
const WORDS: [Words; 40] = [
    ("en", ["Sign-in code:", "Phone verification code:", "Password reset code:", "Account unlock code:", "App setup code:", "Your code:"]),
    ("en-GB", ["Sign-in code:", "Phone verification code:", "Password reset code:", "Account unlock code:", "App set-up code:", "Your code:"]),
    ("de", ["Anmeldecode:", "Code zur Bestätigung der Nummer:", "Code für ein neues Passwort:", "Code zum Entsperren des Kontos:", "Code zum Einrichten der App:", "Ihr Code:"]),
    ("fr", ["Code de connexion :", "Code de vérification du numéro :", "Code pour un nouveau mot de passe :", "Code de déverrouillage du compte :", "Code d'activation de l'application :", "Votre code :"]),
    ("es", ["Código de acceso:", "Código para verificar su número:", "Código para cambiar la contraseña:", "Código para desbloquear la cuenta:", "Código para activar la aplicación:", "Su código:"]),
    ("es-419", ["Código de acceso:", "Código para verificar su número:", "Código para cambiar la contraseña:", "Código para desbloquear la cuenta:", "Código para activar la aplicación:", "Su código:"]),
    ("it", ["Codice di accesso:", "Codice di verifica del numero:", "Codice per la nuova password:", "Codice di sblocco dell'account:", "Codice di attivazione dell'app:", "Il suo codice:"]),
    ("pt-BR", ["Código de acesso:", "Código para verificar seu número:", "Código para redefinir a senha:", "Código para desbloquear a conta:", "Código para ativar o aplicativo:", "Seu código:"]),
    ("pt", ["Código de acesso:", "Código para verificar o número:", "Código para repor a palavra-passe:", "Código para desbloquear a conta:", "Código para ativar a aplicação:", "O seu código:"]),
    ("nl", ["Inlogcode:", "Code om uw nummer te bevestigen:", "Code voor een nieuw wachtwoord:", "Code om uw account te ontgrendelen:", "Code om de app in te stellen:", "Uw code:"]),
    ("pl", ["Kod logowania:", "Kod potwierdzenia numeru:", "Kod do zmiany hasła:", "Kod odblokowania konta:", "Kod aktywacji aplikacji:", "Twój kod:"]),
    ("cs", ["Přihlašovací kód:", "Kód pro ověření čísla:", "Kód pro obnovení hesla:", "Kód pro odemčení účtu:", "Kód pro aktivaci aplikace:", "Váš kód:"]),
    ("sk", ["Prihlasovací kód:", "Kód na overenie čísla:", "Kód na obnovenie hesla:", "Kód na odomknutie účtu:", "Kód na aktiváciu aplikácie:", "Váš kód:"]),
    ("hu", ["Belépési kód:", "Kód a telefonszám ellenőrzéséhez:", "Kód az új jelszóhoz:", "Kód a fiók feloldásához:", "Kód az alkalmazás aktiválásához:", "Az Ön kódja:"]),
    ("ro", ["Cod de autentificare:", "Cod de verificare a numărului:", "Cod pentru resetarea parolei:", "Cod pentru deblocarea contului:", "Cod de activare a aplicației:", "Codul dumneavoastră:"]),
    ("bg", ["Код за вход:", "Код за потвърждение на номера:", "Код за нова парола:", "Код за отключване на профила:", "Код за активиране на приложението:", "Вашият код:"]),
    ("el", ["Κωδικός σύνδεσης:", "Κωδικός επαλήθευσης αριθμού:", "Κωδικός για αλλαγή συνθηματικού:", "Κωδικός ξεκλειδώματος:", "Κωδικός ενεργοποίησης εφαρμογής:", "Ο κωδικός σας:"]),
    ("tr", ["Giriş kodu:", "Telefon doğrulama kodu:", "Parola sıfırlama kodu:", "Hesap kilidi açma kodu:", "Uygulama etkinleştirme kodu:", "Kodunuz:"]),
    ("ru", ["Код для входа:", "Код подтверждения номера:", "Код для смены пароля:", "Код для разблокировки:", "Код для активации приложения:", "Ваш код:"]),
    ("uk", ["Код для входу:", "Код підтвердження номера:", "Код для зміни пароля:", "Код для розблокування:", "Код для активації застосунку:", "Ваш код:"]),
    ("sv", ["Inloggningskod:", "Kod för att bekräfta numret:", "Kod för nytt lösenord:", "Kod för att låsa upp kontot:", "Kod för att aktivera appen:", "Din kod:"]),
    ("da", ["Loginkode:", "Kode til bekræftelse af nummer:", "Kode til ny adgangskode:", "Kode til at låse kontoen op:", "Kode til aktivering af appen:", "Din kode:"]),
    ("nb", ["Innloggingskode:", "Kode for å bekrefte nummeret:", "Kode for nytt passord:", "Kode for å låse opp kontoen:", "Kode for å aktivere appen:", "Din kode:"]),
    ("fi", ["Kirjautumiskoodi:", "Numeron vahvistuskoodi:", "Salasanan vaihtokoodi:", "Tilin avauskoodi:", "Sovelluksen aktivointikoodi:", "Koodisi:"]),
    ("hr", ["Kod za prijavu:", "Kod za potvrdu broja:", "Kod za novu lozinku:", "Kod za otključavanje računa:", "Kod za aktivaciju aplikacije:", "Vaš kod:"]),
    ("sr", ["Код за пријаву:", "Код за потврду броја:", "Код за нову лозинку:", "Код за откључавање налога:", "Код за активацију апликације:", "Ваш код:"]),
    ("sl", ["Koda za prijavo:", "Koda za potrditev številke:", "Koda za novo geslo:", "Koda za odklep računa:", "Koda za aktivacijo aplikacije:", "Vaša koda:"]),
    ("ca", ["Codi d'accés:", "Codi de verificació del número:", "Codi per canviar la contrasenya:", "Codi per desbloquejar el compte:", "Codi per activar l'aplicació:", "El vostre codi:"]),
    ("lt", ["Prisijungimo kodas:", "Numerio patvirtinimo kodas:", "Slaptažodžio keitimo kodas:", "Paskyros atrakinimo kodas:", "Programėlės aktyvinimo kodas:", "Jūsų kodas:"]),
    ("lv", ["Pieteikšanās kods:", "Numura apstiprināšanas kods:", "Paroles maiņas kods:", "Konta atbloķēšanas kods:", "Lietotnes aktivizēšanas kods:", "Jūsu kods:"]),
    ("et", ["Sisselogimiskood:", "Numbri kinnituskood:", "Parooli lähtestamise kood:", "Konto avamise kood:", "Rakenduse aktiveerimiskood:", "Teie kood:"]),
    ("id", ["Kode masuk:", "Kode verifikasi nomor:", "Kode atur ulang kata sandi:", "Kode buka kunci akun:", "Kode aktivasi aplikasi:", "Kode Anda:"]),
    ("ms", ["Kod log masuk:", "Kod pengesahan nombor:", "Kod set semula kata laluan:", "Kod buka kunci akaun:", "Kod pengaktifan aplikasi:", "Kod anda:"]),
    ("vi", ["Mã đăng nhập:", "Mã xác minh số điện thoại:", "Mã đặt lại mật khẩu:", "Mã mở khóa tài khoản:", "Mã kích hoạt ứng dụng:", "Mã của bạn:"]),
    ("hi", ["साइन-इन कोड:", "फ़ोन सत्यापन कोड:", "पासवर्ड रीसेट कोड:", "खाता अनलॉक कोड:", "ऐप सक्रियण कोड:", "आपका कोड:"]),
    ("ko", ["로그인 코드:", "전화번호 확인 코드:", "비밀번호 재설정 코드:", "계정 잠금 해제 코드:", "앱 활성화 코드:", "코드:"]),
    ("ja", ["ログインコード：", "電話番号の確認コード：", "パスワード再設定コード：", "アカウントのロック解除コード：", "アプリの設定コード：", "コード："]),
    ("zh", ["登录验证码：", "手机号验证码：", "重置密码验证码：", "账户解锁验证码：", "应用激活验证码：", "验证码："]),
    ("ar", ["رمز الدخول:", "رمز تأكيد رقم الهاتف:", "رمز إعادة تعيين كلمة المرور:", "رمز فتح الحساب:", "رمز تفعيل التطبيق:", "رمزك:"]),
    ("fa", ["کد ورود:", "کد تأیید شماره تلفن:", "کد بازنشانی گذرواژه:", "کد باز کردن حساب:", "کد فعال‌سازی برنامه:", "کد شما:"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        domain::Locale,
        intake::template::{LONGEST_CODE, render},
        sms,
    };

    #[test]
    fn every_text_in_every_language_fits_one_segment_with_the_longest_code_and_a_long_name() {
        let names = ["Ringpost", "Example Organisation", "Пример организации 20"];
        let mut count = 0;
        for tag in tags() {
            for purpose in Purpose::ALL {
                let template = shipped(purpose, tag).unwrap();
                for name in names {
                    let name: String = name.chars().take(20).collect();
                    let text = render(&template, LONGEST_CODE, &name);
                    let measure = sms::measure(text.reveal(), &[]);
                    assert_eq!(measure.segments, 1, "{tag} {purpose:?} {name}");
                }
                count += 1;
            }
        }
        assert_eq!(count, 40 * 6);
    }

    #[test]
    fn every_text_holds_the_code_and_the_name_once_and_says_what_the_code_is_for() {
        for tag in tags() {
            assert_eq!(Locale::parse(tag).unwrap().to_string(), tag);
            let mut said = BTreeSet::new();
            for purpose in Purpose::ALL {
                let template = shipped(purpose, tag).unwrap();
                for part in ["${code}", "${org.name}"] {
                    assert_eq!(template.matches(part).count(), 1, "{tag} {purpose:?}");
                }
                assert!(said.insert(template), "{tag}: {purpose:?} says what another one says");
            }
        }
        assert_eq!(tags().collect::<BTreeSet<_>>().len(), 40);
        assert_eq!(shipped(Purpose::General, "xx"), None);
    }

    #[test]
    fn what_a_region_speaks_is_there() {
        for region in ["US", "DE", "BR", "JP", "SA", "RU", "CN", "MX", "GB", "FR", "IR", "RS"] {
            let candidates = Locale::of_region(region).unwrap().candidates();
            let spoken = candidates.iter().any(|tag| tags().any(|it| it == tag));
            assert!(spoken, "{region}");
        }
    }
}
