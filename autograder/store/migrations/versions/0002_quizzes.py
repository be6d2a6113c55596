"""Attempts of graded quizzes and their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table('quiz_attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('quiz', sa.String(length=64), nullable=False),
    sa.Column('student', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('opened', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends', sa.DateTime(timezone=True), nullable=True),
    sa.Column('bundle', sa.String(length=64), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_quiz_attempt_submission_id_submission')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_attempt')),
    sa.UniqueConstraint('quiz', 'student', 'number', name=op.f('uq_quiz_attempt_quiz_student_number')),
    sa.UniqueConstraint('token', name=op.f('uq_quiz_attempt_token'))
    )
    op.create_table('quiz_answer',
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('question', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['quiz_attempt.id'], name=op.f('fk_quiz_answer_attempt_id_quiz_attempt')),
    sa.PrimaryKeyConstraint('attempt_id', 'question', name=op.f('pk_quiz_answer'))
    )


def downgrade() -> None:
    raise NotImplementedError("Grades are not migrated backwards: put the backup back.")
