-- Nothing is known any more of refused rows of a state.
DELETE FROM :"planner".refused_rows WHERE state_id = :'state'::bigint;
