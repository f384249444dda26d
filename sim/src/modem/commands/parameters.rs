//! Settings that a modem keeps and shows, and that change nothing here.

use crate::{
    family::Parameter,
    modem::{Answer, Command, Device, Form},
};

const fn parameter(name: &'static str, range: &'static str, default: &'static str) -> Parameter {
    Parameter { name, range, default }
}

const COMMON: &[Parameter] = &[
    parameter("+CMMS", "(0-2)", "0"),
    parameter("+CGSMS", "(0-3)", "1"),
    parameter("+CSDH", "(0,1)", "0"),
    parameter("+CSMP", "(0-255),(0-255),(0-255),(0-255)", "17,167,0,0"),
    parameter("+CSCS", "(\"IRA\",\"GSM\",\"UCS2\")", "\"IRA\""),
    parameter("+CLIP", "(0,1)", "0,1"),
    parameter("+CLIR", "(0-2)", "0,4"),
    parameter("+COLP", "(0,1)", "0,1"),
    parameter("+CRC", "(0,1)", "0"),
    parameter("+CSSN", "(0,1),(0,1)", "0,0"),
    parameter("+CCWA", "(0,1)", "0"),
    parameter("+CTZR", "(0,1)", "0"),
    parameter("+CSTA", "(129,145,161)", "129"),
    parameter("+CMOD", "(0)", "0"),
    parameter("+CSCLK", "(0,1)", "0"),
    parameter("+IPR", "(0,9600,19200,38400,57600,115200,230400,460800,921600)", "115200"),
    parameter("+IFC", "(0,2),(0,2)", "0,0"),
    parameter("+ICF", "(0-6),(0-1)", "3,3"),
    parameter("+CGEREP", "(0-2),(0,1)", "0,0"),
];

impl Device {
    /// Reads, tests or sets a parameter; a name nobody knows is an error.
    pub(crate) fn parameter(&mut self, command: &Command) -> Answer {
        let Some(parameter) = self.known(&command.name) else {
            return self.profile.unknown;
        };
        let name = parameter.name;
        match command.form {
            Form::Read => {
                let value = self.kept(name).unwrap_or(parameter.default).to_owned();
                self.info(format!("{name}: {value}"));
            }
            Form::Test => self.info(format!("{name}: {}", parameter.range)),
            Form::Set if command.raw.is_empty() => return Answer::Error,
            Form::Set => self.keep(name.to_owned(), command.raw.clone()),
            Form::Run => return Answer::Error,
        }
        Answer::Ok
    }

    /// What a parameter is until it is set.
    pub(crate) fn default_of(&self, name: &str) -> Option<&'static str> {
        self.known(name).map(|parameter| parameter.default)
    }

    fn known(&self, name: &str) -> Option<&'static Parameter> {
        self.profile.parameters.iter().chain(COMMON).find(|parameter| parameter.name == name)
    }
}
