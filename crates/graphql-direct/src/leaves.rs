//! What all schemas have: built-in scalars, lists and null.

use std::sync::Arc;

use async_graphql::ID;

use crate::{Indirect, Output, Plan, Selection, WriteDirect};

macro_rules! leaves {
    ($($of:ty)*) => {$(
        impl WriteDirect for $of {
            fn write<'a>(&self, _: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
                out.json(self);
                Ok(())
            }
        }
    )*};
}

leaves! { bool u8 u16 u32 i32 i64 f64 str String }

impl WriteDirect for ID {
    fn write<'a>(&self, _: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        out.json(self.as_str());
        Ok(())
    }
}

/// What writes as what is inside.
macro_rules! wrappers {
    ($($of:ty)*) => {$(
        impl<T: WriteDirect + ?Sized> WriteDirect for $of {
            fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
                T::plan(selection, plan)
            }

            fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
                T::write(self, plan, out)
            }
        }
    )*};
}

wrappers! { &T Arc<T> }

impl<T: WriteDirect> WriteDirect for crate::Direct<T> {
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        T::plan(selection, plan)
    }

    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        self.0.write(plan, out)
    }
}

impl<T: WriteDirect> WriteDirect for Option<T> {
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        T::plan(selection, plan)
    }

    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        match self {
            Some(value) => value.write(plan, out),
            None => {
                out.null();
                Ok(())
            }
        }
    }
}

/// An error is left to the library, which knows its path.
impl<T: WriteDirect, E> WriteDirect for Result<T, E> {
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        T::plan(selection, plan)
    }

    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        self.as_ref().map_err(|_| Indirect)?.write(plan, out)
    }
}

impl<T: WriteDirect> WriteDirect for [T] {
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        T::plan(selection, plan)
    }

    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        out.list(self, |item, out| item.write(plan, out))
    }
}

impl<T: WriteDirect> WriteDirect for Vec<T> {
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        T::plan(selection, plan)
    }

    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
        self.as_slice().write(plan, out)
    }
}
